/** Writes the outbox of orders: one row for each transaction, with its events in their order. */
import type { OutboxShape } from "#engines/outbox";
import type { Queryable, Tx } from "#engines/sql";
import { isTracing } from "#platform/spans";
import { traceparentOf } from "#platform/trace";
import { type OrderEvent, orderEventRecord, type SettledEvents, settledEvents } from "../events.ts";
import { readOrderTraces } from "./trace-rows.ts";

/** As the outbox keeps them. */
export type QueuedEvents = OrderEvent | SettledEvents;

export const orderOutbox: OutboxShape<QueuedEvents> = {
  table: "orders.outbox",
  column: "events",
  encode: (queued) => ("statuses" in queued ? settledEvents(queued).map(orderEventRecord) : orderEventRecord(queued)),
  rowsAtOnce: 50,
  everyMs: 500,
  // Under load some fifty batches a second are settled, and each append wakes three consumers.
  gatherMs: 100,
};

/**
 * Writes events in the transaction of their change, each with the trace of its order. Returns the row and what it has;
 * undefined if there are none.
 */
export async function queueEvents(tx: Tx, told: readonly QueuedEvents[]): Promise<QueuedRow | undefined> {
  if (told.length === 0) return undefined;
  const events = isTracing() ? await withTraces(tx, told) : told;
  const [row] = await tx.query<{ id: number }>("insert into orders.outbox (events) values ($1::json) returning id", [
    JSON.stringify(events),
  ]);
  return row && { id: row.id, events };
}

export type QueuedRow = { id: number; events: readonly QueuedEvents[] };

async function withTraces(tx: Tx, events: readonly QueuedEvents[]): Promise<readonly QueuedEvents[]> {
  const orderIds = events.map(({ data }) => data.orderId);
  const traces = await readOrderTraces(tx, orderIds);
  return events.map((event) => {
    const trace = traces.get(event.data.orderId);
    return trace ? { ...event, traceparent: traceparentOf(trace) } : event;
  });
}

/** The ids of one order's events that the log does not have yet. */
export async function readQueuedIds(sql: Queryable, orderId: string): Promise<string[]> {
  const rows = await sql.query<{ queued: QueuedEvents }>(
    `select queued from orders.outbox, json_array_elements(events) as queued
      where queued -> 'data' ->> 'orderId' = $1`,
    [orderId],
  );
  return rows.flatMap(({ queued }) => ("statuses" in queued ? settledEvents(queued) : [queued])).map(({ id }) => id);
}
