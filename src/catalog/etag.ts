/** A product's version as an entity tag (RFC 9110 §8.8.3), and the two headers that ask for one. */
import { Problem, platformProblems } from "#platform/problems";

export function etagOf({ version }: { version: number }): string {
  return `"${version}"`;
}

/**
 * The version that `If-Match` asks for; undefined where it asks for none or for any. A weak tag counts
 * as the strong one: proxies that compress weaken ours, and a version names the content either way.
 * @throws Problem `validation` for what cannot have been a tag of ours.
 */
export function ifMatchVersion(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const tag = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(header);
  if (!tag) throw new Problem(platformProblems.validation, `If-Match takes one ETag as we sent it, such as "3", or *`);
  return Number(tag[1]);
}

/** Whether `If-None-Match` says that the caller holds this version already. */
export function holdsAlready(header: string | undefined, product: { version: number }): boolean {
  if (header === undefined) return false;
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etagOf(product));
}
