/**
 * Gives a page of the documentation its colours, its buttons for copies of code, and the mark in its contents. It is plain
 * JavaScript, so that the documentation needs no bundler; its types are checked with those of the pages. It runs before
 * the page is drawn, so that the colours are there at first.
 */
// @ts-check

/** @type {readonly string[]} */
const colours = ["device", "light", "dark"];
const device = matchMedia("(prefers-color-scheme: dark)");

showColours(readColours());
device.addEventListener("change", () => showColours(readColours()));
document.addEventListener("DOMContentLoaded", () => {
  offerColours();
  offerCopies();
  followContents();
  showOwnPlace();
});

function readColours() {
  try {
    return localStorage.getItem("docs-colours") ?? "device";
  } catch {
    return "device";
  }
}

/** @param {string} chosen */
function showColours(chosen) {
  const { dataset } = document.documentElement;
  if (chosen === "device") delete dataset.theme;
  else dataset.theme = chosen;
  dataset.shown = chosen === "dark" || (chosen === "device" && device.matches) ? "dark" : "light";
}

function offerColours() {
  const button = /** @type {HTMLButtonElement} */ (document.querySelector(".colours"));
  button.hidden = false;
  const chosen = /** @type {HTMLElement} */ (button.querySelector(".chosen"));
  const tell = () => (chosen.textContent = readColours());
  tell();
  button.addEventListener("click", () => {
    const next = colours[(colours.indexOf(readColours()) + 1) % colours.length] ?? "device";
    try {
      localStorage.setItem("docs-colours", next);
    } catch {
      // Without a store the choice ends with the page.
    }
    showColours(next);
    tell();
  });
}

/** The navigation scrolls to the page's own line, and nothing else moves. */
function showOwnPlace() {
  const pages = /** @type {HTMLElement} */ (document.querySelector(".all-pages"));
  const own = pages.querySelector("[aria-current]");
  const show = () => {
    const below = own ? own.getBoundingClientRect().top - pages.getBoundingClientRect().top : 0;
    if (below > pages.clientHeight * 0.7) pages.scrollTop = below - pages.clientHeight / 2;
  };
  pages.addEventListener("toggle", show);
  show();
}

function offerCopies() {
  for (const pre of document.querySelectorAll("pre")) {
    const block = document.createElement("div");
    block.className = "block";
    const button = document.createElement("button");
    button.className = "quiet copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const copied = await navigator.clipboard.writeText(pre.textContent.trimEnd()).then(
        () => "Copied",
        () => "Not copied",
      );
      button.textContent = copied;
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    pre.replaceWith(block);
    block.append(pre, button);
  }
}

/** The contents mark the last heading above the upper third of the window. */
function followContents() {
  /** @type {Map<string, Element>} */
  const links = new Map();
  for (const link of document.querySelectorAll(".contents a"))
    links.set(link.getAttribute("href")?.slice(1) ?? "", link);
  if (links.size === 0) return;
  const headings = [...document.querySelectorAll("article :is(h2, h3)[id]")].filter(({ id }) => links.has(id));
  const mark = () => {
    const last = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    for (const [id, link] of links) link.classList.toggle("here", id === last?.id);
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}
