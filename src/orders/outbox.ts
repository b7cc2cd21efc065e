/** Ships what orders tell to `orders.events`: at least once, in the order of its writing. */
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import { type OrderEvent, orderEventRecord } from "./events.ts";

const rowsAtOnce = 50;

/** Ships what waits; answers how many events. One process ships at a time, the others find nothing to do. */
export async function shipOutbox(sql: Sql, log: EventLog, topic: string): Promise<number> {
  return sql.transaction(async (tx) => {
    const [lock] = await tx.query<{ mine: boolean }>(
      "select pg_try_advisory_xact_lock(hashtext('orders.outbox')) as mine",
    );
    if (!lock?.mine) return 0;
    const rows = await tx.query<{ id: number; events: OrderEvent[] }>(
      "select id, events from orders.outbox order by id limit $1",
      [rowsAtOnce],
    );
    const events = rows.flatMap((row) => row.events);
    if (events.length === 0) return 0;
    await log.append(topic, events.map(orderEventRecord));
    await tx.query("delete from orders.outbox where id = any($1::bigint[])", [rows.map((row) => row.id)]);
    return events.length;
  });
}
