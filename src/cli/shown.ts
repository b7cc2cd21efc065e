/**
 * Makes texts of others harmless for a terminal, which obeys control characters and signs for the direction of writing: it
 * could show what nothing printed.
 */

/** Prints what a command says. A text in JSON means the same afterwards. */
export function tell(text: string): void {
  console.log(shownLines(text));
}

/** On one line. */
export function shown(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, escaped);
}

/** On the lines that it has. */
export function shownLines(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
