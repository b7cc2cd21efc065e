/** `1 unit is`, `1,000 units are`: a number as people write it, with the words that follow it. */
import { count } from "../lib/amounts.ts";

export function plural(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
