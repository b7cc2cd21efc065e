/** Describes the outbox table of drops, and how its rows become events: one row for each event. */
import type { OutboxShape } from "#engines/outbox";
import type { Tx } from "#engines/sql";
import type { Drop } from "./drop-rows.ts";
import { type DropEvent, type DropEventType, dropRecord } from "./events.ts";

export const dropOutbox: OutboxShape<DropEvent> = {
  table: "drops.outbox",
  column: "event",
  encode: dropRecord,
  rowsAtOnce: 200,
  everyMs: 1_000,
};

/** Queues the event in the caller's transaction. `id` is the same however often the change is made. */
export async function queueEvent(tx: Tx, drop: Drop, what: DropEventType, at: Date): Promise<void> {
  const { dropId, name, zone, opensAt, closesAt, paused, version, products } = drop;
  const isOnce = what === "opened" || what === "sold-out" || what === "ended";
  const event: DropEvent = {
    id: isOnce ? `${dropId}:${what}` : `${dropId}:${version}`,
    what,
    time: at.toISOString(),
    data: {
      dropId,
      name,
      zone,
      paused,
      version,
      opensAt: opensAt.toISOString(),
      closesAt: closesAt.toISOString(),
      productIds: products.map(({ productId }) => productId),
    },
  };
  await tx.query("insert into drops.outbox (event) values ($1::jsonb)", [JSON.stringify(event)]);
}
