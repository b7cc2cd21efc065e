/** Keeps the traces of orders, so that each later step, in whatever process, goes on in the trace of its order. */
import type { StoredRecord } from "#engines/log";
import type { Queryable, Tx } from "#engines/sql";
import { isTracing } from "#platform/spans";
import { parseTraceparent, type Trace, traceparentOf } from "#platform/trace";

/** By order id. Only orders whose traces are sampled. */
export type OrderTraces = ReadonlyMap<string, Trace>;

const noTraces: OrderTraces = new Map();

/** A trace store keeps traces for days. */
const keptMs = 30 * 24 * 60 * 60_000;
const removedAtOnce = 1_000;

/** The traces that the records of these orders carry. */
export function tracesIn(entries: readonly { record?: Pick<StoredRecord, "key" | "headers"> }[]): OrderTraces {
  if (!isTracing()) return noTraces;
  const traces = new Map<string, Trace>();
  for (const { record } of entries) {
    const trace = parseTraceparent(record?.headers.traceparent);
    if (record && trace?.sampled) traces.set(record.key, trace);
  }
  return traces;
}

/** The first trace of an order stays. Forgets the oldest ones on the way. */
export async function keepTraces(tx: Tx, traces: OrderTraces, at: Date): Promise<void> {
  if (traces.size === 0) return;
  await tx.query(
    `with old as (
       delete from orders.trace where order_id in (
         select order_id from orders.trace where noted_at < $4 order by noted_at limit $5 for update skip locked)
     )
     insert into orders.trace (order_id, traceparent, noted_at)
     select *, $3::timestamptz from unnest($1::uuid[], $2::text[]) order by 1 on conflict do nothing`,
    [[...traces.keys()], [...traces.values()].map(traceparentOf), at, new Date(at.getTime() - keptMs), removedAtOnce],
  );
}

/** Without a query in a shop that sends no traces. */
export async function readOrderTraces(sql: Queryable, orderIds: readonly string[]): Promise<OrderTraces> {
  if (!isTracing() || orderIds.length === 0) return noTraces;
  const rows = await sql.query<{ orderId: string; traceparent: string }>(
    `select order_id as "orderId", traceparent from orders.trace where order_id = any($1::uuid[])`,
    [orderIds],
  );
  return new Map(
    rows.flatMap(({ orderId, traceparent }) => {
      const trace = parseTraceparent(traceparent);
      return trace ? [[orderId, trace] as const] : [];
    }),
  );
}
