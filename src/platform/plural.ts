/** `1 unit is`, `2 units are`: a number with the words that follow it. */
export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
