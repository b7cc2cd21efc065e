/**
 * The index of the words that have a place of their own in the documentation: routes, events, settings, errors, metrics.
 * Wherever a document has one of them in backquotes, it becomes a link.
 */
import { type Routes, routeId, routePage } from "./routes.ts";

export type Names = { targetOf(code: string): string | undefined };

/** Tables whose rows begin with a name; each row gets an anchor. */
export const tablesOfNames: Readonly<Record<string, RegExp>> = {
  "docs/config.md": /^[A-Z][A-Z0-9_]+$/,
  "docs/errors.md": /^[a-z][a-z_]+$/,
  "docs/metrics.md": /^dropgate_\w+$/,
};

type Known = { routes: Routes; events: readonly string[]; tables: ReadonlyMap<string, string> };

/** `tables` has the Markdown of each table of names, by the page that shows it. */
export function createNames({ routes, events, tables }: Known): Names {
  const targets = new Map<string, string>();
  for (const { method, path, tag } of routes.list) {
    targets.set(`${method} ${path}`, `${routePage(tag)}#${routeId(method, path)}`);
  }
  for (const event of events) targets.set(event, `events.html#${event}`);
  for (const [page, markdown] of tables) {
    for (const [, name = ""] of markdown.matchAll(/^\| `([^`]+)` \|/gm)) targets.set(name, `${page}#${name}`);
  }
  return {
    // A single lower-case word, `validation` or `closed`, is many things beside the code of an error.
    targetOf: (code) => (/^[a-z]+$/.test(code) ? undefined : targets.get(code)),
  };
}
