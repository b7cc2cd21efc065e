/** Makes the books refuse to confirm one order, as if they were down, so that a test finds the run that tries. */
import type { Sql } from "#engines/sql";

/** `orderId`: a UUID. */
export async function holdConfirmations(sql: Sql, orderId: string): Promise<{ end(): Promise<void> }> {
  const name = `orders.hold_${orderId.replaceAll("-", "")}`;
  const trigger = name.replace("orders.", "");
  await sql.query(
    `create function ${name}() returns trigger language plpgsql as $$ begin raise undefined_table; end $$`,
  );
  await sql.query(
    `create trigger ${trigger} before update on orders.orders for each row
       when (new.order_id = '${orderId}' and new.status = 'CONFIRMED') execute function ${name}()`,
  );
  return { end: async () => void (await sql.query(`drop trigger ${trigger} on orders.orders`)) };
}
