/** The order of a drawn roster. The seed comes from the roster's root and the beacon, and no part of it is chosen later. */
import { compareBytes, type Hash, joined, utf8 } from "./bytes.ts";
import { rules } from "./texts.ts";

export type SeedOf = { dropId: string; root: Uint8Array; randomness: Uint8Array };

/** SHA-256(rules ‖ drop ‖ root ‖ randomness). */
export function seedOf(hash: Hash, { dropId, root, randomness }: SeedOf): Uint8Array {
  return hash(joined(utf8(rules), utf8(dropId), root, randomness));
}

/** The places, from 1 on, in the order of the tickets: the ticket with the smallest SHA-256(seed ‖ ticket) is first. */
export function placesOf(hash: Hash, seed: Uint8Array, tickets: readonly Uint8Array[]): number[] {
  const keys = tickets.map((ticket) => hash(joined(seed, ticket)));
  const order = keys.map((key, index) => ({ key, index })).toSorted((a, b) => compareBytes(a.key, b.key));
  const places: number[] = [];
  for (const [rank, { index }] of order.entries()) places[index] = rank + 1;
  return places;
}
