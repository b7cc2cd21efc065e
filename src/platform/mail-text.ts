/** How the text of a mail is put together: its paragraphs, and the addresses of the shop's pages among them. */

/** Those that are undefined are left out. */
export function mailText(...paragraphs: readonly (string | undefined)[]): string {
  return `${paragraphs.filter((one) => one !== undefined).join("\n\n")}\n`;
}

/** Where people reach the page, if the shop knows by which address they reach it. */
export function pageAddress(publicUrl: string | undefined, path: string): string | undefined {
  return publicUrl === undefined ? undefined : new URL(path, publicUrl).href;
}
