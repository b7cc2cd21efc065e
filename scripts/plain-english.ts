/**
 * Checks the part of STYLE.md's "Plain English" that a machine can check: words that make a reader ask who is meant, and
 * sentences with a clause in place of a noun or of "if".
 */

const ruledOut =
  /\b(?:whoever|whomever|nobody|somebody|anybody|everybody|someone|anyone|everyone|he|his|him|himself)\b/gi;

const riddles: readonly RegExp[] = [
  // "Where a record is lost, …" for "If a record is lost, …".
  /(?:^|[.:;] |@throws )where (?:a|an|another|it|its|no|nothing|one|some|the|there)\b[^.?|]*,/gi,
  // "undefined where there is none" for "undefined if there is none".
  /(?:\b(?:absent|empty|false|nothing|null|true|undefined)|@throws) where\b/gi,
  // "What turned out void shows as failed." for "A void order shows as failed."
  /(?:^|\. )what (?:a|an|had|has|is|it|the|they|was|we|were)\b[^.?]*\./gi,
  // "Who asks twice is answered once." for "A repeated request is answered once."
  /(?:^|\. )who [a-z]+s\b[^.?]*\./gi,
];

/** Not `someBody`: the small letter in the middle tells them apart. */
const ruledOutInNames = /\w*(?:[Ww]hoever|[Ww]homever|(?:[Nn]o|[Ss]ome|[Aa]ny|[Ee]very)body)\w*/g;

/** Reads the text of a page, comments and the titles of tests, and for some of the words also the names and texts in code. */
export function ruledOutWords({ path, text }: { path: string; text: string }): string[] {
  const inProse = paragraphsOf(path, text).flatMap((paragraph) =>
    [ruledOut, ...riddles].flatMap((pattern) =>
      (paragraph.match(pattern) ?? []).map(
        (phrase) => `"${phrase.trim().slice(0, 60)}" in "${paragraph.slice(0, 90)}"`,
      ),
    ),
  );
  if (!/\.tsx?$/.test(path)) return inProse;
  const names = text.replaceAll(comments, "").replaceAll(titles, "").match(ruledOutInNames);
  return [...inProse, ...new Set(names)];
}

const comments = /(?<=^|\s)\/\*[\s\S]*?\*\/|(?:^[ \t]*\/\/ .*\n?)+|(?<=\s)\/\/ .*$/gm;
const titles = /\b(?:it|test|describe|group)\(\s*(["'`])(.*?)\1/g;

/** Each on one line, so that a sentence may be wrapped. */
function paragraphsOf(path: string, text: string): string[] {
  if (path.endsWith(".md"))
    return withoutCode(text)
      .split(/\n(?:\s*\n|(?=\s*(?:[-*|#]|\d+\.) ?))/)
      .map(oneLine);
  if (path.endsWith(".lua")) return (text.match(/(?:^ *--.*\n?)+|--.*$/gm) ?? []).map(oneLine);
  const titled = Array.from(text.matchAll(titles), ([, , title = ""]) => title);
  return [...(text.match(comments) ?? []), ...titled].map((one) =>
    oneLine(withoutCode(one).replaceAll(/\$\{[^}]*\}/g, "")),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```.*?^ *```$/gms, "").replaceAll(/`[^`\n]*`/g, "");
}

/** Without the marks of comments, list items and cells. */
function oneLine(text: string): string {
  return text
    .replaceAll(/^\s*(?:\/\*+|\*\/|\*|\/\/|--|[-*|#]+|\d+\.) ?/gm, "")
    .replaceAll(/ ?\*\/|\s+/g, " ")
    .trim();
}
