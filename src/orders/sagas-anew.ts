/** Starts the sagas of open orders again after the workflow engine was changed. */
import type { Sql } from "#engines/sql";

/** The workflow engine is another one: open orders get a new saga there, and the books decide. */
export async function startSagasAnew(sql: Sql): Promise<void> {
  await sql.query("update orders.orders set saga_started = false where saga_started and status = 'INVENTORY_RESERVED'");
}
