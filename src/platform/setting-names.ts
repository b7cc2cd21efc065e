/** Finds names that are not settings but likely mistakes for one. */
import type { Environment, Settings } from "./config.ts";
import { program } from "./program.ts";

/** Names of other programs that read the same `.env`. */
const othersNames = /^(COMPOSE_|POSTGRES_PASSWORD$)/;
/** A prefix that people put before a setting without a prefix. */
const ourPrefix = `${program.name.toUpperCase()}_`;
/** Shorter names are not compared, because unrelated ones differ by one letter. */
const leastLength = 6;

/**
 * One sentence each. `.env` belongs to this program, so more names count as mistakes there than in the environment,
 * which all programs share.
 */
export function unknownNames(table: Settings, environment: Environment, envFile: Environment): string[] {
  const known = Object.entries(table).flatMap(([name, { secret }]) => (secret ? [name, `${name}_FILE`] : [name]));
  const readable = Object.keys(table).filter((name) => !known.includes(`${name}_FILE`));
  const fileOf = (name: string) => readable.find((one) => name === `${one}_FILE`);
  const families = new Set(known.filter((name) => name.includes("_")).map(familyOf));
  const inFile = Object.keys(envFile).flatMap((name) => {
    if (known.includes(name) || othersNames.test(name)) return [];
    const isOurs = families.has(familyOf(name)) || name.startsWith(ourPrefix);
    const setting = fileOf(name);
    if (setting) return [noFile(name, ".env", setting)];
    return sentenceOn(name, ".env", nearest(name, known, 2), isOurs);
  });
  const inEnvironment = Object.keys(environment).flatMap((name) => {
    if (known.includes(name) || name in envFile) return [];
    const setting = fileOf(name);
    if (setting) return [noFile(name, "the environment", setting)];
    return sentenceOn(name, "the environment", nearest(name, known, 1), name.startsWith(ourPrefix));
  });
  return [...inFile, ...inEnvironment];
}

/** A person who sees that secrets are read from files may take it that every setting is. */
function noFile(name: string, where: string, setting: string): string {
  return `${name} in ${where} is without effect, because only secrets are read from files: set ${setting} itself`;
}

function sentenceOn(name: string, where: string, near: string | undefined, isOurs: boolean): string[] {
  if (near) return [`${name} in ${where} is no setting: is ${near} meant?`];
  return isOurs ? [`${name} in ${where} is no setting: docs/config.md lists all of them`] : [];
}

function familyOf(name: string) {
  return name.slice(0, name.indexOf("_"));
}

function nearest(name: string, known: readonly string[], within: number): string | undefined {
  const bare = name.startsWith(ourPrefix) ? name.slice(ourPrefix.length) : name;
  if (known.includes(bare)) return bare;
  if (name.length < leastLength) return undefined;
  const upper = name.toUpperCase();
  const near = known
    .filter((one) => one.length >= leastLength && Math.abs(one.length - upper.length) <= within)
    .map((one) => ({ one, away: distance(upper, one) }));
  return near.filter(({ away }) => away <= within).toSorted((a, b) => a.away - b.away)[0]?.one;
}

/** The number of letters to add, drop, change, or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : changed;
      row.push(Math.min(changed, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
