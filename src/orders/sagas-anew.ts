/** Starts the sagas of open orders again after the engine of workflows was changed. */
import type { Sql } from "#engines/sql";

/** The engine of workflows is another one: what it has to tell is started there once more, and the books decide. */
export async function startSagasAnew(sql: Sql): Promise<void> {
  await sql.query("update orders.orders set saga_started = false where saga_started and status = 'INVENTORY_RESERVED'");
}
