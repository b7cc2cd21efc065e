/** The search of the documentation: `/` opens it, arrows choose, Enter follows; its index is read when it is first opened. */
// @ts-check

const siteRoot = /** @type {HTMLScriptElement} */ (document.currentScript).dataset.root ?? "";

document.addEventListener("DOMContentLoaded", offerSearch);

/** @typedef {readonly [address: string, heading: string, page: string, words: string]} Found */

function offerSearch() {
  const opener = /** @type {HTMLButtonElement} */ (document.querySelector(".search"));
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector(".finder"));
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("ol"));
  const told = /** @type {HTMLElement} */ (dialog.querySelector(".told"));
  let chosen = 0;

  opener.hidden = false;
  opener.addEventListener("click", open);
  addEventListener("keydown", (event) => {
    const isTyping = /** @type {HTMLElement} */ (event.target).closest?.("input, textarea, select");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") list.children[chosen]?.querySelector("a")?.click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", () => dialog.close());

  async function open() {
    if (!dialog.open) dialog.showModal();
    input.select();
    await readIndex();
    show();
  }

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length > 0 ? search(words) : [];
    list.replaceChildren(...found.map((each, place) => entry(each, words, place)));
    told.textContent =
      words.length === 0
        ? ""
        : found.length === 0
          ? "Nothing found"
          : `${found.length === most ? "The first " : ""}${found.length} found`;
    choose(0);
  }

  /** @param {number} place */
  function choose(place) {
    chosen = Math.max(0, Math.min(place, list.children.length - 1));
    for (const [at, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(at === chosen));
    const item = list.children[chosen];
    item?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", item?.id ?? "");
  }
}

const most = 30;

/** @returns {readonly Found[]} */
function indexed() {
  return /** @type {{ searchIndex?: readonly Found[] }} */ (/** @type {unknown} */ (window)).searchIndex ?? [];
}

/** The index is a script and no JSON, because a page that was opened as a file may not fetch. */
async function readIndex() {
  if (indexed().length > 0) return;
  const script = document.createElement("script");
  script.src = `${siteRoot}assets/found.js`;
  await new Promise((resolve) => {
    script.onload = resolve;
    script.onerror = resolve;
    document.head.append(script);
  });
}

/**
 * Every word must be there; one in the heading counts most, the whole heading more than all.
 * @param {readonly string[]} words
 */
function search(words) {
  const scored = indexed().map((each) => {
    const [, heading, page, text] = each;
    const [inHeading, inPage, inText] = [heading.toLowerCase(), page.toLowerCase(), text.toLowerCase()];
    let score = inHeading === words.join(" ") ? 100 : 0;
    for (const word of words) {
      const own =
        (inHeading.startsWith(word) ? 12 : inHeading.includes(word) ? 8 : 0) + (inPage.includes(word) ? 3 : 0);
      const gained = own + (inText.includes(word) ? 1 : 0);
      if (gained === 0) return { each, score: 0 };
      score += gained;
    }
    return { each, score: page === "" ? score + 4 : score };
  });
  const found = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return found.slice(0, most).map(({ each }) => each);
}

/**
 * @param {Found} found
 * @param {readonly string[]} words
 * @param {number} place
 */
function entry([address, heading, page, text], words, place) {
  const item = document.createElement("li");
  item.id = `frame:found-${place}`;
  item.role = "option";
  const link = document.createElement("a");
  link.href = siteRoot + address;
  link.tabIndex = -1;
  const name = document.createElement("b");
  name.append(...marked(heading, words));
  const where = document.createElement("span");
  where.textContent = page;
  const snippet = document.createElement("p");
  snippet.append(...marked(around(text, words), words));
  link.append(name, where, snippet);
  item.append(link);
  return item;
}

/**
 * The words around the first hit.
 * @param {string} text
 * @param {readonly string[]} words
 */
function around(text, words) {
  const at = Math.max(
    0,
    Math.min(...words.map((word) => text.toLowerCase().indexOf(word)).filter((place) => place >= 0)),
  );
  const begin = Number.isFinite(at) && at > 60 ? text.indexOf(" ", at - 60) + 1 : 0;
  return (begin > 0 ? "… " : "") + text.slice(begin, begin + 160);
}

/**
 * @param {string} text
 * @param {readonly string[]} words
 */
function marked(text, words) {
  const pattern = words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text.split(new RegExp(`(${pattern})`, "gi")).map((part, place) => {
    if (place % 2 === 0) return part;
    const mark = document.createElement("mark");
    mark.textContent = part;
    return mark;
  });
}
