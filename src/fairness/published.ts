/** Names the files in which a shop publishes a line, with their addresses, and reads their lines (docs/guide/fair.md). */
import type { Evidence } from "./record.ts";

/** The roster comes last: of a line that grows, it then has at least the places that the others name. */
export const publishedFiles = {
  "dropgate.json": () => "/.well-known/dropgate.json",
  "fair.json": (drop) => `/drops/${drop}/fair`,
  "heads.txt": (drop) => `/drops/${drop}/heads.txt`,
  "served.txt": (drop) => `/drops/${drop}/served.txt`,
  "calls.txt": (drop) => `/drops/${drop}/calls.txt`,
  "roster.txt": (drop) => `/drops/${drop}/roster.txt`,
} satisfies Record<string, (drop: string) => string>;

export type PublishedFile = keyof typeof publishedFiles;
/** Their texts. */
export type Published = Readonly<Partial<Record<PublishedFile, string>>>;

/** @throws if a line has another form; the error names it. */
export function readLines(published: Published): Pick<Evidence, "roster" | "heads" | "calls" | "served"> {
  return {
    roster: linesOf(published, "roster.txt", /^[0-9a-f]{32}$/),
    heads: linesOf(published, "heads.txt", /^\d+ [0-9a-f]{64} \d+ [\w-]+$/).map((line) => {
      const [size, root = "", atMs, signature = ""] = line.split(" ");
      return { size: Number(size), root, atMs: Number(atMs), signature };
    }),
    calls: linesOf(published, "calls.txt", /^\d+ \d+$/).map((line) => {
      const [atMs = 0, called = 0] = line.split(" ").map(Number);
      return { atMs, called };
    }),
    served: linesOf(published, "served.txt", /^\d+ \d+ [a-z]+( \d+)?$/).map((line) => {
      const [place, atMs, outcome = "", units] = line.split(" ");
      const pass = { place: Number(place), atMs: Number(atMs), outcome };
      return units === undefined ? pass : { ...pass, units: Number(units) };
    }),
  };
}

function linesOf(published: Published, name: PublishedFile, form: RegExp): string[] {
  const lines = (published[name] ?? "").split("\n").filter((line) => line !== "");
  const wrong = lines.findIndex((line) => !form.test(line));
  if (wrong >= 0)
    throw new Error(`line ${wrong + 1} of ${name} is not as docs/guide/fair.md says: ${lines[wrong]?.slice(0, 80)}`);
  return lines;
}
