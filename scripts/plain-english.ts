/**
 * Checks the part of STYLE.md's "Plain English" that a machine can check: words that make a reader ask who is meant.
 */

const ruledOut = /\b(?:whoever|whomever|nobody|somebody|anybody|he|his|him|himself)\b/gi;

/** The places in which such a word counts: the text of a page, a comment, the title of a test. Identifiers are free. */
export function ruledOutWords({ path, text }: { path: string; text: string }): string[] {
  const prose = path.endsWith(".md")
    ? withoutCode(text)
    : path.endsWith(".lua")
      ? luaComments(text)
      : commentsAndTitles(text);
  return prose.split("\n").flatMap((line) => {
    const words = line.match(ruledOut) ?? [];
    return words.map((word) => `"${word}" in "${line.trim().slice(0, 90)}"`);
  });
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```.*?^ *```$/gms, "").replaceAll(/`[^`\n]*`/g, "");
}

function luaComments(text: string): string {
  return (text.match(/--.*$/gm) ?? []).join("\n");
}

function commentsAndTitles(text: string): string {
  const comments = text.match(/(?<=^|\s)(?:\/\*.*?\*\/|\/\/ .*?$)/gms) ?? [];
  const titles = text.match(/\b(?:it|test|describe|group)\(\s*(["'`]).*?\1/g) ?? [];
  return [...comments, ...titles]
    .join("\n")
    .replaceAll(/`[^`\n]*`/g, "")
    .replaceAll(/\$\{[^}]*\}/g, "");
}
