/** Writes the outbox of orders: one row for each transaction, with its events in their order. */
import type { OutboxShape } from "#engines/outbox";
import type { Tx } from "#engines/sql";
import { type OrderEvent, orderEventRecord } from "./events.ts";

export const orderOutbox: OutboxShape<OrderEvent> = {
  table: "orders.outbox",
  column: "events",
  encode: orderEventRecord,
  rowsAtOnce: 50,
  everyMs: 500,
};

/** Writes events in the transaction of their change. */
export async function queueEvents(tx: Tx, events: readonly OrderEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query("insert into orders.outbox (events) values ($1::jsonb)", [JSON.stringify(events)]);
}
