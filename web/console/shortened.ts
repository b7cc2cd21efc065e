/** The beginning of a text, for a list: what is left out is seen to be left out. */
export function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
