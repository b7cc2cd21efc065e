/** Makes the pages that no document is: the lists of runbooks and decisions, the tables of the database, the pictures. */
import { type Anchor, codeBlock, escaped, heading, type Page, relativeTo } from "./page.ts";

/** A list of pages with their titles, for the folder at `path`. */
export function listPage(path: string, title: string, says: string, pages: readonly Page[]): Page {
  const rows = pages.map((page) => `<li><a href="${relativeTo(path, page.path)}">${escaped(page.title)}</a></li>`);
  return {
    path,
    title,
    intro: says,
    anchors: [],
    body: `<h1>${escaped(title)}</h1><p>${escaped(says)}</p><ul class="pages">${rows.join("")}</ul>`,
  };
}

/** Each statement of the file begins a line; an index or a trigger belongs to the table before it. */
export function schemaPage(path: string, sql: string): Page {
  const [intro = "", ...statements] = sql.split(/^(?=create table )/m);
  const says = intro.replaceAll(/^--+ ?/gm, "").trim();
  const anchors: Anchor[] = [];
  let schema = "";
  const body = statements.map((statement) => {
    const [, name = "", owner = ""] = /^create table (?:if not exists )?((\w+)\.\w+)/.exec(statement) ?? [];
    const begin = owner === schema ? "" : heading(2, owner, escaped(owner));
    if (owner !== schema) anchors.push({ id: owner, text: owner, level: 2, words: "" });
    schema = owner;
    anchors.push({ id: name, text: name, level: 3, words: statement.replaceAll(/\s+/g, " ") });
    return begin + heading(3, name, `<code>${escaped(name)}</code>`) + codeBlock(statement.trim(), "sql");
  });
  const title = "Database schema";
  return { path, title, intro: says, anchors, body: `<h1>${title}</h1><p>${escaped(says)}</p>${body.join("")}` };
}

/** Every state of every page in one picture for each width, in the colours that the reader has chosen. */
export function screensPage(path: string, files: readonly string[], pictures: Set<string>): Page {
  const states = [...new Set(files.map((file) => file.replace(/-(light|dark)-(desktop|phone)\.png$/, "")))];
  const shown = states.map((state) => {
    const own = files.filter(
      (file) => /^-(light|dark)-(desktop|phone)\.png$/.test(file.slice(state.length)) && file.startsWith(state),
    );
    const images = own.map((file) => {
      pictures.add(`screens/${file}`);
      const [, colours = "", width = ""] = /-(light|dark)-(desktop|phone)\.png$/.exec(file) ?? [];
      return `<a class="${colours} ${width}" href="screens/${file}"><img src="screens/${file}" alt="${escaped(`${state}, ${width}, ${colours}`)}" loading="lazy"></a>`;
    });
    const text = state.replaceAll("-", " ");
    return `${heading(2, state, escaped(text))}<div class="screens">${images.join("")}</div>`;
  });
  const says = "Each state of the shop, the console and the warehouse, as the tests in Chromium drew it.";
  const anchors = states.map((id): Anchor => ({ id, text: id.replaceAll("-", " "), words: "picture" }));
  return { path, title: "Pictures", intro: says, anchors, body: `<h1>Pictures</h1><p>${says}</p>${shown.join("")}` };
}
