/** How the text of a mail is put together of its paragraphs. */

/** Those that are undefined are left out. */
export function mailText(...paragraphs: readonly (string | undefined)[]): string {
  return `${paragraphs.filter((one) => one !== undefined).join("\n\n")}\n`;
}
