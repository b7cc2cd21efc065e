/** Finds orders that are open long after their deadline, for an operator. */
import type { Queryable } from "#engines/sql";
import { columns, type Order } from "./order-rows.ts";

export type StandingPosition = Pick<Order, "payBy" | "orderId">;

export const standingStatement = `select ${columns} from orders.recent
  where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
    and (pay_by, order_id) > ($2::timestamptz, $3::uuid)
  order by pay_by, order_id limit $4`;

const firstId = "00000000-0000-0000-0000-000000000000";

export function createStanding(sql: Queryable) {
  return {
    /** Orders whose deadline is before this moment; longest overdue first. */
    list: (before: Date, after: StandingPosition | undefined, limit: number) =>
      sql.query<Order>(standingStatement, [before, after?.payBy ?? "-infinity", after?.orderId ?? firstId, limit]),
  };
}

/** Orders after their deadline whose payment the provider was deciding; longest overdue first. */
export function readUndecided(sql: Queryable, after: StandingPosition | undefined, limit: number): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.recent
      where status = 'PAYMENT_PENDING' and reason = 'payment_undecided' and (pay_by, order_id) > ($1::timestamptz, $2::uuid)
      order by pay_by, order_id limit $3`,
    [after?.payBy ?? "-infinity", after?.orderId ?? firstId, limit],
  );
}
