/** Reads the orders that fulfilment must start or end: those without a saga, and those past their deadline. */
import type { Queryable } from "#engines/sql";
import { columns, type Order, readOrders } from "./order-rows.ts";

/** Orders in the books whose saga was not started, oldest first. */
export async function ordersWithoutSaga(sql: Queryable, limit: number): Promise<Order[]> {
  const rows = await sql.query<{ id: string }>(
    `select order_id as id from orders.orders where not saga_started and status = 'INVENTORY_RESERVED'
      order by placed_at limit $1`,
    [limit],
  );
  return readOrders(
    sql,
    rows.map((row) => row.id),
  );
}

export async function noteSagaStarted(sql: Queryable, orderIds: readonly string[]): Promise<void> {
  await sql.query("update orders.orders set saga_started = true where order_id = any($1::uuid[])", [orderIds]);
}

/** Orders that hold units past the moment, longest overdue first. */
export async function overdueOrders(
  sql: Queryable,
  before: Date,
  after: Pick<Order, "payBy" | "orderId"> | undefined,
  limit: number,
): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.orders
      where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
        and reason is distinct from 'payment_undecided' and (pay_by, order_id) > ($2::timestamptz, $3::uuid)
      order by pay_by, order_id limit $4`,
    [before, after?.payBy ?? "-infinity", after?.orderId ?? firstId, limit],
  );
}

const firstId = "00000000-0000-0000-0000-000000000000";
