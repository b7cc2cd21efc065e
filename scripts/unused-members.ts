/**
 * Finds members of objects in src that production code does not use. `knip` follows the exports of a file and not the
 * members of an object, so a method that only tests call would stay for ever. It reads text: a member whose name is
 * also used for something else is not found.
 */
import { glob, readFile } from "node:fs/promises";

export type Source = { path: string; text: string };

const testOnly = /\.(test|testing|child|real)\.ts$|\/contract\.workflow\.ts$/;

/** One line for each member: the file, its type and its name. */
export async function unusedMembers(): Promise<string[]> {
  const sources: Source[] = [];
  for await (const path of glob("{src,scripts,bench,load}/**/*.ts")) {
    if (!testOnly.test(path)) sources.push({ path, text: await readFile(path, "utf8") });
  }
  return unusedIn(sources);
}

/** `sources`: all production code. */
export function unusedIn(sources: readonly Source[]): string[] {
  const code = sources.map(({ path, text }) => ({ path, text: text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "") }));
  const everything = code.map(({ text }) => text).join("\n");
  return code
    .filter(({ path }) => path.startsWith("src/"))
    .flatMap(({ path, text }) =>
      membersIn(text)
        .filter(({ name }) => !isUsed(name, everything) && !isCalledBare(name, text))
        .map(({ owner, name }) => `${path}: ${owner}.${name}`),
    );
}

type Member = { owner: string; name: string };

/** The functions that types declare, and the members that a maker returns if the type of the face is inferred. */
function membersIn(text: string): Member[] {
  const declared = members(
    text.matchAll(/^(?:export )?type (?<owner>\w+)[^\n]*\{\n(?<body>[\s\S]*?)^\}/gm),
    /^ {2}(?<name>\w+)\??(?:<[^>]*>)?(?:\(|: (?:<[^>]*>)?\(.*=>)/gm,
  );
  const inferred = members(
    text.matchAll(
      /ReturnType<typeof (?<owner>\w+)>[\s\S]*^(?:export )?(?:async )?function \k<owner>\([\s\S]*?^ {2}return \{\n(?<body>[\s\S]*?)^ {2}\};/gm,
    ),
    /^ {4}(?:async )?(?<name>\w+)[(:,]/gm,
  );
  return [...declared, ...inferred];
}

function members(blocks: Iterable<RegExpExecArray>, member: RegExp): Member[] {
  return Array.from(blocks, ({ groups: { owner = "", body = "" } = {} }) =>
    Array.from(body.matchAll(member), ({ groups: { name = "" } = {} }) => ({ owner, name })),
  ).flat();
}

/** Used as `face.name`, or destructured by its name. */
function isUsed(name: string, code: string): boolean {
  const within = "(?:[^{}]|\\{[^{}]*\\})*";
  return new RegExp(`\\.${name}\\b|\\{${within}\\b${name}\\b${within}\\}(?: =[^>]|\\)? =>|: [A-Z])`).test(code);
}

/** The file itself uses the function behind the member. */
function isCalledBare(name: string, text: string): boolean {
  return new RegExp(`(?:[=(!]|return|await|=>) ?${name}\\(`).test(text);
}
