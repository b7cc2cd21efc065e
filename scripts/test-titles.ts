/** Reads the titles of all tests, and says on which engines each runs. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";

export type Titled = { title: string; path: string; engines: string };

const titled = /\b(?:it|test|describe|group)\(\s*(["`'])((?:[^\n\\]|\\.)*?)\1/g;

export async function testTitles(): Promise<Titled[]> {
  const found: Titled[] = [];
  for (const path of globSync("{src,test,scripts}/**/*.ts").toSorted()) {
    for (const [, , title = ""] of (await readFile(path, "utf8")).matchAll(titled)) {
      found.push({ title, path, engines: enginesOf(path) });
    }
  }
  return found;
}

/** As a cell of a table: without bars, and with an ellipsis in place of a title's placeholder. */
export function cellOf(title: string): string {
  return title
    .replaceAll(/\$\{[^}]*\}/g, "…")
    .replaceAll("|", "\\|")
    .replaceAll('\\"', '"');
}

/**
 * Contracts run on every adapter; the guide and some of the edge tests run on both profiles, see scripts/test-real.ts.
 */
function enginesOf(path: string): string {
  if (path.startsWith("test/crash/")) return "chaos";
  if (path.startsWith("test/e2e/")) return path.endsWith("/life.e2e.ts") ? "browser, embedded and real" : "browser";
  if (path.startsWith("test/process/")) return "process";
  if (/\.real\.ts$|\/kafka\/[a-z]+\.testing\.ts$/.test(path)) return "real";
  return /\/contract\/|^test\/(guide\/|edge\/(idempotency|races|events|late-payments)\.)/.test(path)
    ? "embedded, real"
    : "embedded";
}
