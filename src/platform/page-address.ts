/** The addresses of the shop's pages, for mails and for the pages themselves. */

/** Where people reach the page, if the shop knows by which address they reach it. */
export function pageAddress(publicUrl: string | undefined, path: string): string | undefined {
  return publicUrl === undefined ? undefined : new URL(path, publicUrl).href;
}
