/**
 * Finds out whether an object in a JSON text has a name twice. Parsers take the first, the last or both (RFC 8259 §4), so a
 * proxy that looks at a request could see another one than the shop carries out.
 */

const backslash = 0x5c;
const colon = 0x3a;
const blank = 0x20;

/** @param value What `JSON.parse` made of the text: it has fewer names than the text if one stands there twice. */
export function hasNameTwice(text: string, value: unknown): boolean {
  return namesIn(text) > namesOf(value);
}

/** A text before a colon is a name. Every order waits for this, so it goes from quote to quote. */
function namesIn(text: string): number {
  let count = 0;
  for (let begin = text.indexOf('"'); begin >= 0; ) {
    const end = endOf(text, begin);
    let next = end + 1;
    while (text.charCodeAt(next) <= blank) next += 1;
    if (text.charCodeAt(next) === colon) count += 1;
    begin = text.indexOf('"', next);
  }
  return count;
}

/** The quote that ends the text: an even number of backslashes is before it. */
function endOf(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
}

/** Without recursion, because a body may be nested as deeply as it is long. */
function namesOf(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (Array.isArray(next)) {
      for (const inner of next) if (typeof inner === "object") left.push(inner);
    } else if (typeof next === "object" && next !== null) {
      for (const inner of Object.values(next)) {
        count += 1;
        if (typeof inner === "object") left.push(inner);
      }
    }
  }
  return count;
}
