/**
 * The texts that are signed. Each begins with the rules and its kind, so that no signature of one kind is one of another.
 * A line ends each value; no value has a line break in it.
 */

/** How a line is ordered and what is published about it. Another way gets another name. */
export const rules = "dropgate-line-1";

/** A place in the line, as its person's receipt has it. `ticket` in hex; `seq` counts from 1 without gaps. */
export type PlaceText = { dropId: string; ticket: string; seq: number; joinedAtMs: number };

/** A promise to its person: this ticket is in the roster, at this number. */
export function receiptText({ dropId, ticket, seq, joinedAtMs }: PlaceText): string {
  return textOf("place", dropId, ticket, seq, joinedAtMs);
}

/** Reads the text of a receipt; undefined if it is no receipt of a place by these rules. */
export function readReceiptText(text: string): PlaceText | undefined {
  const [, , dropId = "", ticket = "", seq, joinedAtMs] = text.split("\n");
  const place = { dropId, ticket, seq: Number(seq), joinedAtMs: Number(joinedAtMs) };
  return receiptText(place) === text ? place : undefined;
}

/** The roster as it is at one moment, while it grows. `root` in hex. */
export type HeadText = { dropId: string; size: number; root: string; atMs: number };

export function headText({ dropId, size, root, atMs }: HeadText): string {
  return textOf("head", dropId, size, root, atMs);
}

/** The roster that is drawn, and the round of the beacon that decides its order. `chain` names the beacon, in hex. */
export type RootText = HeadText & { chain: string; promisedRound: number; round: number };

export function rootText({ dropId, size, root, atMs, chain, promisedRound, round }: RootText): string {
  return textOf("root", dropId, size, root, atMs, chain, promisedRound, round);
}

function textOf(kind: string, ...values: (string | number)[]): string {
  return [rules, kind, ...values, ""].join("\n");
}
