/** Makes a page of a Markdown document: headings get anchors, links lead to the pages of the site, names to their places. */
import { posix } from "node:path";
import { Marked, type Token, type Tokens } from "marked";
import { renderDiagram } from "./diagram.ts";
import { type Names, tablesOfNames } from "./names.ts";
import {
  type Anchor,
  codeBlock,
  codeWord,
  escaped,
  heading,
  type Page,
  relativeTo,
  slugOf,
  uniqueIds,
  wordsOf,
} from "./page.ts";
import type { Place } from "./places.ts";

export type Context = {
  names: Names;
  /** The page of a file or folder of the repository, if it has one. */
  pageOf(source: string): string | undefined;
  /** Files that pages show, by their path in the site, which is the one below docs/. */
  pictures: Set<string>;
};

export function pageOfMarkdown(place: Place, markdown: string, context: Context): Page {
  const anchors: { id: string; text: string; level?: 2 | 3; html: string }[] = [];
  const uniqueId = uniqueIds();
  const rowName = tablesOfNames[place.source];
  let title = place.path;
  let intro = "";

  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const text = wordsOf(html);
        if (depth === 1) title = text;
        const id = uniqueId(slugOf(text));
        if (depth === 2 || depth === 3) anchors.push({ id, text, level: depth, html: "" });
        return heading(Math.min(depth, 4) as 1 | 2 | 3 | 4, id, html);
      },
      link({ href, tokens, title: hint }) {
        return linked(this.parser.parseInline(tokens), href, hint ?? undefined);
      },
      image({ href, text }) {
        const path = posix.normalize(posix.join(posix.dirname(place.source), href)).replace(/^docs\//, "");
        context.pictures.add(path);
        return `<img src="${escaped(relativeTo(place.path, path))}" alt="${escaped(text)}" loading="lazy">`;
      },
      codespan({ text }) {
        const code = codeWord(text);
        const target = context.names.targetOf(text);
        const isItself = target?.startsWith(`${place.path}#`) && rowName;
        return target && !isItself ? `<a href="${escaped(relativeTo(place.path, target))}">${code}</a>` : code;
      },
      code({ text, lang = "" }) {
        if (lang === "mermaid") return `<figure class="diagram" tabindex="0">${renderDiagram(text)}</figure>`;
        return codeBlock(text, lang);
      },
      html({ text }) {
        return /^<br\s*\/?>$/.test(text.trim()) ? "<br>" : /^<!--/.test(text.trim()) ? "" : escaped(text);
      },
      table({ header, rows }) {
        const heads = header.map(({ tokens }) => this.parser.parseInline(tokens));
        const head = heads.map((html) => `<th scope="col">${html}</th>`).join("");
        const words = heads.map(wordsOf);
        const body = rows.map((row) => `<tr${idOfRow(row)}>${cellsOf(row, words, this.parser)}</tr>`).join("\n");
        return `<div class="table${heads.length > 2 ? " wide" : ""}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
      },
    },
  });

  const tokens = marked.lexer(markdown);
  const parts = tokens.map((token) => {
    withoutLinksInLinks(token);
    const html = marked.parser([token]);
    const last = anchors.findLast(({ level }) => level !== undefined);
    if (token.type === "heading") return html;
    if (last) last.html += ` ${html}`;
    else intro += ` ${html}`;
    return html;
  });
  return {
    path: place.path,
    title,
    body: parts.join("\n"),
    intro: wordsOf(intro || (anchors[0]?.html ?? "")),
    anchors: anchors.map(({ html, ...anchor }): Anchor => ({ ...anchor, words: wordsOf(html) })),
  };

  function linked(html: string, href: string, hint: string | undefined): string {
    const says = hint ? ` title="${escaped(hint)}"` : "";
    if (/^(https?|mailto):/.test(href)) return `<a href="${escaped(href)}" rel="noreferrer"${says}>${html}</a>`;
    const [file = "", anchor] = href.split("#");
    const source = file === "" ? place.source : posix.join(posix.dirname(place.source), file).replace(/\/$/, "");
    const page = context.pageOf(source);
    if (!page) return `<span class="file" title="${escaped(source)}">${html}</span>`;
    const target = anchor === undefined ? page : `${page}#${anchor}`;
    return `<a href="${escaped(relativeTo(place.path, target))}"${says}>${html}</a>`;
  }

  function idOfRow([first]: Tokens.TableCell[]): string {
    const name = first?.text.replaceAll("`", "") ?? "";
    if (!rowName?.test(name)) return "";
    anchors.push({ id: uniqueId(name), text: name, html: "" });
    return ` id="${escaped(name)}"`;
  }

  /** On a narrow page a row becomes a list of its cells, each with the head of its column. */
  function cellsOf(
    row: Tokens.TableCell[],
    heads: readonly string[],
    parser: { parseInline(tokens: Token[]): string },
  ): string {
    const cells = row.map(({ tokens }) => parser.parseInline(tokens));
    const [first] = row;
    const name = first?.text.replaceAll("`", "") ?? "";
    const anchor = anchors.find(({ id, level }) => id === name && level === undefined);
    if (anchor && rowName?.test(name)) {
      anchor.html = cells.slice(1).join(" ");
      cells[0] = `<a class="row" href="#${escaped(name)}">${codeWord(name)}</a>`;
    }
    return cells.map((html, place) => `<td data-head="${escaped(heads[place] ?? "")}">${html}</td>`).join("");
  }
}

/** A name in backquotes inside a link or a heading stays a word: the link is there already. */
function withoutLinksInLinks(token: Token): void {
  const inner = "tokens" in token ? (token.tokens ?? []) : [];
  const rows = token.type === "table" ? [token.header, ...token.rows].flat() : [];
  const items = token.type === "list" ? token.items : [];
  for (const each of [...inner, ...items, ...rows.flatMap(({ tokens }: Tokens.TableCell) => tokens)]) {
    if (token.type === "link" || token.type === "heading") asWord(each);
    withoutLinksInLinks(each);
  }
}

function asWord(token: Token): void {
  if (token.type !== "codespan") return;
  Object.assign(token, { type: "text", text: codeWord(token.text), escaped: true });
}
