/** Writes the version of a resource as an entity tag (RFC 9110 §8.8.3), and reads the two request headers that use it. */
import { Problem, platformProblems } from "#platform/problems";

export function etagOf({ version }: { version: number }): string {
  return `"${version}"`;
}

/**
 * The versions that `If-Match` names; undefined without the header and for `*`, which any version meets. A weak tag, and
 * one that a compressing proxy has marked (`"3-gzip"` by Apache), counts as the tag that we sent, because a version names
 * the content in any coding. A tag that was never ours names no version, so a change that expects it alone is refused as
 * one of another version is.
 * @throws Problem `validation` if the header is not a list of entity tags.
 */
export function ifMatchVersions(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  if (!tagList.test(header)) {
    throw new Problem(platformProblems.validation, `If-Match takes ETags as we sent them, such as "3", or *`);
  }
  return versionsIn(header);
}

/** Whether `If-None-Match` says that the caller already has this version. */
export function holdsAlready(header: string | undefined, resource: { version: number }): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || versionsIn(header).includes(resource.version);
}

/**
 * RFC 9110 §8.8.3: a list may have empty members. No blank can be read in two ways: with many of them, a header that is no
 * list would take for ever.
 */
const tag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const tagList = new RegExp(String.raw`^[\s,]*${tag}(?:\s*,[\s,]*${tag})*[\s,]*$`);

function versionsIn(header: string): number[] {
  const ours = header.matchAll(/"(\d{1,15})(?:[-;:.]+(?:gzip|br|deflate|zstd|df))?"/g);
  return Array.from(ours, ([, version]) => Number(version));
}
