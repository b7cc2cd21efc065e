/**
 * Gives an entry of stock the key under which it counts once. An entry without an answer may have been counted, so the same
 * one, entered again, has its key again: also if it was typed anew, on another page, or after the page was loaded again.
 */
import { kept } from "../lib/kept.ts";

export type NewEntry = { kind: "restock" | "adjust"; productId: string; units: number; reason: string };
type Unanswered = NewEntry & { key: string; sinceMs: number };

/** Later the same entry is another delivery. */
const openForMs = 10 * 60_000;
/** Pages that stand in a browser which keeps nothing hold them here. */
const inThisPage = new Map<string, readonly Unanswered[]>();

/** Sends the entry with its key. Until there is an answer, the same entry has this key. */
export async function enter<Answer>(
  userId: string,
  entry: NewEntry,
  send: (key: string) => Promise<Answer>,
): Promise<Answer> {
  const key = keyOf(userId, entry);
  const answer = await send(key);
  write(
    userId,
    read(userId).filter((one) => one.key !== key),
  );
  return answer;
}

function keyOf(userId: string, entry: NewEntry): string {
  const open = read(userId);
  const same = open.find((one) => isSame(one, entry));
  if (same) return same.key;
  const fresh = { ...entry, key: crypto.randomUUID(), sinceMs: Date.now() };
  write(userId, [...open, fresh]);
  return fresh.key;
}

/** The device's clock may be put right meanwhile, by hours. */
function read(userId: string): readonly Unanswered[] {
  const open = kept.read<Unanswered[]>(nameOf(userId)) ?? inThisPage.get(userId) ?? [];
  return open.filter(({ sinceMs }) => Math.abs(Date.now() - sinceMs) < openForMs);
}

function write(userId: string, open: readonly Unanswered[]): void {
  inThisPage.set(userId, open);
  kept.write(nameOf(userId), open);
}

function isSame(one: NewEntry, other: NewEntry): boolean {
  const isOfProduct = one.kind === other.kind && one.productId === other.productId;
  return isOfProduct && one.units === other.units && one.reason === other.reason;
}

function nameOf(userId: string): string {
  return `entries-without-answer:${userId}`;
}
