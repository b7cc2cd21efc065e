/** Finds decision records that share a number, or whose title has another one. */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";

export function sharedNumbers({ path, text }: { path: string; text: string }): string[] {
  const number = basename(path).slice(0, 4);
  const others = readdirSync(dirname(path)).filter((name) => name.startsWith(number) && name !== basename(path));
  const shared = others.map((name) => `${name} has the number too: take the next free one`);
  return text.startsWith(`# ${number}: `) ? shared : [...shared, `the title does not begin with "${number}: "`];
}
