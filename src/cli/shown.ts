/** Makes texts of others harmless for a terminal, which obeys some control characters: it could show what nothing printed. */

/** On one line. */
export function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, escaped);
}

/** On the lines that it has. */
export function shownLines(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
