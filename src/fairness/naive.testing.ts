/** A second implementation of the tree and of the order, by the letter of their definitions, to compare with. */
import { createHash } from "node:crypto";

function sha(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Level by level; an odd one goes up as it is. */
export function naiveRoot(tickets: readonly Uint8Array[]): Buffer {
  if (tickets.length === 0) return sha();
  let level = tickets.map((ticket) => sha(Uint8Array.of(0), ticket));
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = level.slice(index, index + 2) as [Buffer, Buffer | undefined];
      next.push(right ? sha(Uint8Array.of(1), left, right) : left);
    }
    level = next;
  }
  return level[0] as Buffer;
}

/** The tickets in the order in which they are served, all in hex. */
export function naiveOrder(dropId: string, randomness: Uint8Array, tickets: readonly Uint8Array[]): string[] {
  const seed = sha("dropgate-line-1", dropId, naiveRoot(tickets), randomness);
  return tickets
    .map((ticket) => `${sha(seed, ticket).toString("hex")} ${Buffer.from(ticket).toString("hex")}`)
    .toSorted()
    .map((line) => line.split(" ")[1] as string);
}
