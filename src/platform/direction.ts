/** Writes names into sentences of the other direction: plain text, as a mail is, has no `bdi`. */

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Between the signs of Unicode's isolation if the name, or the language beside it, is written from right to left. Without
 * them the name would turn the figures behind it around, and at the beginning of a line the whole line.
 */
export function isolated(name: string, language: string): string {
  return language === "ar" || rightToLeft.test(name) ? `\u2068${name}\u2069` : name;
}
