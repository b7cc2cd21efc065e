/** Reads the orders that fulfilment must end: those past their deadline. */
import type { Queryable } from "#engines/sql";
import { columns, type Order } from "./order-rows.ts";

/** Orders that hold units past the moment, longest overdue first. */
export async function overdueOrders(
  sql: Queryable,
  before: Date,
  after: Pick<Order, "payBy" | "orderId"> | undefined,
  limit: number,
): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.recent
      where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
        and reason is distinct from 'payment_undecided' and (pay_by, order_id) > ($2::timestamptz, $3::uuid)
      order by pay_by, order_id limit $4`,
    [before, after?.payBy ?? "-infinity", after?.orderId ?? firstId, limit],
  );
}

const firstId = "00000000-0000-0000-0000-000000000000";
