/**
 * Compares all contents of a product at the gate with the books, not only the sums: the units in flight with its
 * records (I4), and each customer's holdings (I10). It reads everything at once, so it runs only when an operator asks
 * for it.
 */
import type { Queryable } from "#engines/sql";
import type { Gate, ProductContents } from "../gate/gate.ts";
import { isUndecided } from "../gate/state.ts";
import type { Relay } from "./relay.ts";
import type { Repair } from "./repairs.ts";

export type ContentsDeps = { sql: Queryable; gate: Gate; relay: Relay };

/** While orders are settled, the books are soon ahead of the gate's reading: then both are read again. */
const tries = 3;

/** The fault within a product; undefined if there is none, or if it changes too quickly to tell. */
export async function compareContents(deps: ContentsDeps, productId: string): Promise<Repair | undefined> {
  for (let i = 0; i < tries; i += 1) {
    const contents = await deps.gate.contents(productId);
    if (!contents) return undefined;
    const books = await readHoldings(deps.sql, productId);
    if (books.epoch !== contents.epoch || books.seq < contents.applied) return undefined;
    if (books.seq > contents.applied) {
      await deps.relay.catchUp(productId);
      continue;
    }
    const says = wrongIn(contents, books.held);
    return says === undefined ? undefined : { reason: "incomplete", productId, units: 0, says };
  }
  return undefined;
}

/** Pure. Both arguments are as of the same change. */
export function wrongIn(
  { pending, records, held }: ProductContents,
  inBooks: ReadonlyMap<string, number>,
): string | undefined {
  const expected = new Map(inBooks);
  let inFlight = 0;
  for (const record of records) {
    if (!isUndecided(record)) continue;
    inFlight += record.quantity;
    if (record.userId !== "") expected.set(record.userId, (expected.get(record.userId) ?? 0) + record.quantity);
  }
  if (inFlight !== pending) return `the gate counted ${pending} in flight where its records held ${inFlight}`;
  const wrong = [...new Set([...expected.keys(), ...held.keys()])].filter(
    (userId) => (expected.get(userId) ?? 0) !== (held.get(userId) ?? 0),
  );
  return wrong.length > 0 ? `the gate had other holdings than the books for ${wrong.length} customers` : undefined;
}

async function readHoldings(sql: Queryable, productId: string) {
  const rows = await sql.query<{ epoch: number; seq: number; userId: string | null; held: number | null }>(
    `select s.epoch, s.seq, q.user_id as "userId", q.held
       from inventory.stock s left join inventory.user_quota q on q.product_id = s.product_id and q.held > 0
      where s.product_id = $1`,
    [productId],
  );
  const held = new Map(rows.flatMap(({ userId, held }) => (userId === null ? [] : [[userId, held ?? 0] as const])));
  return { epoch: rows[0]?.epoch ?? 0, seq: rows[0]?.seq ?? 0, held };
}
