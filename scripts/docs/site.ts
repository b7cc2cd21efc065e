/** Makes the whole documentation of the files of the repository, in memory: each file of the site by its path. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";
import { Marked } from "marked";
import { type Entry, framed } from "./frame.ts";
import { listPage, schemaPage, screensPage } from "./lists.ts";
import { type Context, pageOfMarkdown } from "./markdown.ts";
import { type AsyncApi, eventsPage, eventTypesOf } from "./messages.ts";
import { createNames, tablesOfNames } from "./names.ts";
import { codeWord, escaped, type Page, relativeTo } from "./page.ts";
import { type Place, placesOf } from "./places.ts";
import { apiPages, type OpenApi, routesOf } from "./routes.ts";

export type Site = {
  entries: readonly Entry[];
  /** The text of each file that is made. */
  made: Map<string, string>;
  /** The file of the repository that each other file is a copy of. */
  copied: Map<string, string>;
};

const styles = ["web/docs/frame.css", "web/docs/header.css", "web/docs/text.css", "web/docs/parts.css"];

export function makeSite(): Site {
  const places = placesOf();
  const openApi = JSON.parse(read("openapi.json")) as OpenApi;
  const asyncApi = JSON.parse(read("asyncapi.json")) as AsyncApi;
  const routes = routesOf(openApi);
  const pathOf = new Map(places.map(({ source, path }) => [source, path]));
  const tables = Object.keys(tablesOfNames).map((source) => [pathOf.get(source) ?? "", read(source)] as const);
  const names = createNames({ routes, events: eventTypesOf(asyncApi), tables: new Map(tables) });
  const pictures = new Set<string>();
  const context: Context = { names, pictures, pageOf: (source) => pathOf.get(source) };

  const documents = new Map(
    places
      .filter(({ source }) => source.endsWith(".md"))
      .map((place) => [place.source, pageOfMarkdown(place, read(place.source), context)] as const),
  );
  const entries = places.flatMap((place) => pagesOf(place).map((page): Entry => ({ page, section: place.section })));

  const made = new Map(entries.map((entry) => [entry.page.path, framed(entry, entries)]));
  for (const script of ["page.js", "search.js"]) made.set(`assets/${script}`, read(`web/docs/${script}`));
  made.set("assets/page.css", withOwnFont(read("web/styles/tokens.css")) + styles.map(read).join(""));
  made.set("assets/found.js", `window.searchIndex = ${JSON.stringify(searchIndex(entries))};\n`);
  const copied = new Map([...pictures].map((path) => [path, `docs/${path}`]));
  copied.set("assets/font-license.txt", posix.join(posix.dirname(posix.dirname(fontFile())), "LICENSE"));
  return { entries, made, copied };

  function pagesOf({ source, path }: Place): Page[] {
    if (source === "openapi.json") return apiPages(openApi, routes, prose);
    if (source === "asyncapi.json") return [eventsPage(asyncApi, (text) => prose(text, path))];
    if (source === "docs/schema.sql") return [schemaPage(path, read(source))];
    if (source === "docs/screens") return [screensPage(path, readFolder(source), pictures)];
    if (statSync(source).isDirectory()) return [folderPage(source, path)];
    const page = documents.get(source);
    return page ? [page] : [];
  }

  function folderPage(source: string, path: string): Page {
    const within = [...documents].filter(([each]) => posix.dirname(each) === source).map(([, page]) => page);
    return source === "docs/adr"
      ? listPage(path, "Decisions", "What was decided, why, and what was considered instead.", within)
      : listPage(
          path,
          "Runbooks",
          "One for each alert: what it means, what to look at first, and how to mend it.",
          within,
        );
  }

  /** One line of text with its words in backquotes. */
  function prose(text: string, page: string): string {
    return new Marked({
      renderer: {
        codespan({ text: code }) {
          const target = names.targetOf(code);
          const html = codeWord(code);
          return target ? `<a href="${escaped(relativeTo(page, target))}">${html}</a>` : html;
        },
        html: ({ text: markup }) => escaped(markup),
      },
    }).parseInline(text, { async: false });
  }
}

/** One entry for each page and each anchor: address, heading, title of the page, and the words below it. */
export type Found = readonly [address: string, heading: string, page: string, words: string];

function searchIndex(entries: readonly Entry[]): Found[] {
  return entries.flatMap(({ page }) => [
    [page.path, page.title, "", page.intro] as const,
    ...page.anchors.map(({ id, text, words }) => [`${page.path}#${id}`, text, page.title, words] as const),
  ]);
}

/** The colours and the font are those of the shop. A browser reads no file of a font for a page that is a file itself. */
function withOwnFont(css: string): string {
  const font = readFileSync(fontFile()).toString("base64");
  return css.replace(/url\("[^"]+\.woff2"\)/, `url("data:font/woff2;base64,${font}")`);
}

function fontFile(): string {
  const [, name = ""] = /url\("([^"]+\.woff2)"\)/.exec(read("web/styles/tokens.css")) ?? [];
  return createRequire(import.meta.url).resolve(name);
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}

function readFolder(path: string): string[] {
  return existsSync(path) ? globSync("*.png", { cwd: path }).toSorted() : [];
}
