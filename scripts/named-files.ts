/** Finds links, paths and names of source files in documents and comments that lead to no file. */
import { existsSync, globSync } from "node:fs";
import { basename, dirname, join } from "node:path";

type File = { path: string; text: string };

export function deadLinks({ path, text }: File): string[] {
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = ""]) => target);
  return links.filter((target) => !existsSync(join(dirname(path), target))).map((target) => `no file at ${target}`);
}

/** Documents are searched whole, diagrams included; code for names of documents, and its comments for names of sources. */
export function deadPaths({ path, text }: File): string[] {
  const isDocument = path.endsWith(".md");
  const paths = isDocument
    ? /(?<![\w./-])(?:src|test|scripts|bench|docs|deploy)\/[\w./-]*\w/g
    : /(?<![\w./-])docs\/(?:adr|guide|runbooks)\/[\w./-]*\w/g;
  const comments = isDocument ? [] : (text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*/g) ?? []);
  const sources = comments.flatMap((comment) => comment.match(/(?<![\w.*])\w[\w.-]*\.tsx?\b/g) ?? []);
  return [
    ...(text.match(paths) ?? []).filter((target) => !existsSync(target)),
    ...sources.filter((name) => !sourceNames.has(name)),
  ].map((target) => `no file at ${target}`);
}

const sourceNames: ReadonlySet<string> = new Set(
  globSync("{src,test,scripts,bench,load,web,packages}/**/*.{ts,tsx}", {
    exclude: (path) => basename(path) === "node_modules",
  }).map((path) => basename(path)),
);
