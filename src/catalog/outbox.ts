/** Describes the catalog's outbox table and how its rows become events: one row for each event. */
import type { OutboxShape } from "#engines/outbox";
import { crashPoint } from "#platform/crash-points";
import { type ProductEvent, productRecord } from "./events.ts";

export const productOutbox: OutboxShape<ProductEvent> = {
  table: "catalog.outbox",
  column: "event",
  encode: productRecord,
  rowsAtOnce: 200,
  everyMs: 1_000,
  appended: () => crashPoint("catalog.appended"),
};
