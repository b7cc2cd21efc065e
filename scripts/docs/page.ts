/** The parts of a page of the documentation, and the few words of HTML that every maker of a page needs. */
import { posix } from "node:path";

/** `words` is what the search finds below the anchor; without `level` an anchor is left out of the page's contents. */
export type Anchor = { id: string; text: string; level?: 2 | 3; words: string };

export type Page = { path: string; title: string; body: string; anchors: readonly Anchor[]; intro: string };

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (letter) => escapes[letter] ?? letter);
}

/** A word of code; a long one may break behind its strokes, so that it does not widen a table. */
export function codeWord(text: string): string {
  const soft = text.length > 16 ? escaped(text).replaceAll(/(?<=\w)([_/.])(?=\w|\{)/g, "$1<wbr>") : escaped(text);
  return `<code>${soft}</code>`;
}

/** Remarks are set apart; nothing else of a language is known here. */
export function codeBlock(text: string, lang: string): string {
  const marks = /^(bash|sh|yaml|http)$/.test(lang) ? /(^|\s)(#.*)$/gm : lang === "sql" ? /(^|\s)(--.*)$/gm : undefined;
  const code = escaped(text);
  return `<pre tabindex="0"><code>${marks ? code.replaceAll(marks, '$1<span class="remark">$2</span>') : code}</code></pre>`;
}

/** The text of a piece of HTML, for the search. */
export function wordsOf(html: string): string {
  return html
    .replaceAll(/<svg.*?<\/svg>/gs, " ")
    .replaceAll("<wbr>", "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** As GitHub makes the anchor of a heading, so that the links in the documents hold in both. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

/** A page's own anchors are unique: the second of one name ends in -1. */
export function uniqueIds(): (wanted: string) => string {
  const counts = new Map<string, number>();
  return (wanted) => {
    const count = counts.get(wanted) ?? 0;
    counts.set(wanted, count + 1);
    return count === 0 ? wanted : `${wanted}-${count}`;
  };
}

export function relativeTo(page: string, target: string): string {
  const [path = "", anchor] = target.split("#");
  const way = path === page ? "" : posix.relative(posix.dirname(page), path);
  return anchor === undefined ? way || posix.basename(path) : `${way}#${anchor}`;
}

export function heading(level: 1 | 2 | 3 | 4, id: string, html: string): string {
  if (level === 1) return `<h1>${html}</h1>`;
  return `<h${level} id="${escaped(id)}">${html} <a class="anchor" href="#${escaped(id)}" aria-label="Link to this section">#</a></h${level}>`;
}
