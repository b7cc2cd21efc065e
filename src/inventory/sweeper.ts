/**
 * Ends reservations that nobody came back for. How old they are decides only how soon they are
 * looked at, never what becomes of them: the books do that.
 */
import type { Sql } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import type { Gate, GateRecord } from "./gate/gate.ts";
import { type OrderBooks, voidReservations } from "./rebuild.ts";
import type { Relay } from "./relay.ts";

export type SweepCounts = { voided: number; redriven: number; forgotten: number };

const recordsAtOnce = 500;

export async function sweepReservations(
  { sql, gate, relay, orderBooks }: { sql: Sql; gate: Gate; relay: Relay; orderBooks: OrderBooks },
  beforeMs: number,
): Promise<SweepCounts> {
  const records = await gate.recordsBefore(beforeMs, recordsAtOnce);
  const voiding: GateRecord[] = [];
  for (const record of records) {
    if (record.state !== "pending" && record.state !== "voiding") continue;
    if ((await gate.claimVoid(record)) === "voiding") voiding.push(record);
  }
  await crashPoint("sweep.claimed");
  const { rows } = await voidReservations(sql, voiding);
  await crashPoint("sweep.voided");
  await relay.apply(rows);

  const published = records.filter((record) => record.state === "published");
  if (published.length > 0) {
    // Only what is still undecided once the log is read to its end was lost by the log.
    await orderBooks.drained();
    await orderBooks.redrive(published);
    for (const productId of new Set(published.map((record) => record.productId))) await relay.catchUp(productId);
  }
  const stubs = records.filter((record) => record.state === "claimed" || record.state === "refused");
  await gate.forget(stubs);
  return { voided: voiding.length, redriven: published.length, forgotten: stubs.length };
}
