/**
 * The chain of an order's black box: the hash of each entry covers the hash of the entry before. If an entry is changed, left
 * out or moved, its hash is not the one that the chain has there.
 */
import { type Hash, hexOf, utf8 } from "./bytes.ts";

export type Entry = {
  at: string;
  source: string;
  says: string;
  facts: Readonly<Record<string, string | number>>;
};

/** The hashes of the entries, in hex; the order's id stands before the first one. */
export function chainOf(orderId: string, entries: readonly Entry[], sha256: Hash): string[] {
  const hashes: string[] = [];
  for (const entry of entries) hashes.push(linkOf(hashes.at(-1) ?? orderId, entry, sha256));
  return hashes;
}

/** The index of the first entry that does not have the hash which the entries before it give; undefined if all have it. */
export function firstBroken(
  orderId: string,
  entries: readonly (Entry & { hash: string })[],
  sha256: Hash,
): number | undefined {
  let prev = orderId;
  for (const [index, entry] of entries.entries()) {
    if (linkOf(prev, entry, sha256) !== entry.hash) return index;
    prev = entry.hash;
  }
  return undefined;
}

/** SHA-256 over one JSON list without blanks, so that no two entries are written alike; the facts in order of their names. */
function linkOf(prev: string, { at, source, says, facts }: Entry, sha256: Hash): string {
  const sorted = Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return hexOf(sha256(utf8(JSON.stringify([prev, at, source, says, sorted]))));
}
