/** The outbox of orders: one row a transaction, with its events in their order. */
import type { OutboxShape } from "#engines/outbox";
import { type OrderEvent, orderEventRecord } from "./events.ts";

export const orderOutbox: OutboxShape<OrderEvent> = {
  table: "orders.outbox",
  column: "events",
  encode: orderEventRecord,
  rowsAtOnce: 50,
  everyMs: 500,
};
