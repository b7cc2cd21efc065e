/** Finds open orders that wait longer than their saga needs, for an operator. */
import type { Queryable } from "#engines/sql";
import { columns, type Order, readOrders } from "./order-rows.ts";

export type StandingPosition = Pick<Order, "payBy" | "orderId">;

/** One branch for each index: orders past their deadline, and orders whose saga was never started. */
export const standingStatement = `select * from (
    select ${columns} from orders.orders
     where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
    union
    select ${columns} from orders.orders
     where not saga_started and status = 'INVENTORY_RESERVED' and placed_at < $1
  ) standing
  where ("payBy", "orderId") > ($2::timestamptz, $3::uuid)
  order by "payBy", "orderId" limit $4`;

const firstId = "00000000-0000-0000-0000-000000000000";

export function createStanding(sql: Queryable) {
  return {
    /** Orders whose deadline, or whose start without a saga, is before this moment; longest overdue first. */
    list: (before: Date, after: StandingPosition | undefined, limit: number) =>
      sql.query<Order>(standingStatement, [before, after?.payBy ?? "-infinity", after?.orderId ?? firstId, limit]),

    /** The order's saga is started again. An engine that has its run ignores that. */
    async startSagaAgain(orderId: string): Promise<void> {
      await sql.query(
        "update orders.orders set saga_started = false where order_id = $1 and status = 'INVENTORY_RESERVED'",
        [orderId],
      );
    },
  };
}

export async function readUndecided(sql: Queryable, limit: number): Promise<Order[]> {
  const rows = await sql.query<{ id: string }>(
    `select order_id as id from orders.orders
      where status = 'PAYMENT_PENDING' and reason = 'payment_undecided' order by pay_by limit $1`,
    [limit],
  );
  return readOrders(
    sql,
    rows.map((row) => row.id),
  );
}
