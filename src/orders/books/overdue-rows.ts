/** Reads the open orders that are past their deadline, longest overdue first, starting after one of them. */
import type { Queryable } from "#engines/sql";
import { firstUuid } from "#platform/ids";
import { columns, type Order } from "./order-rows.ts";

type Position = Pick<Order, "payBy" | "orderId"> | undefined;

/** Those that fulfilment must end: their deadline is before the moment, and no payment is undecided. */
export function readOverdue(sql: Queryable, before: Date, after: Position, limit: number): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.recent
      where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
        and reason is distinct from 'payment_undecided' and (pay_by, order_id) > ($2::timestamptz, $3::uuid)
      order by pay_by, order_id limit $4`,
    [before, ...valuesOf(after), limit],
  );
}

/** Those whose payment the provider was deciding at their deadline. */
export function readUndecided(sql: Queryable, after: Position, limit: number): Promise<Order[]> {
  return sql.query<Order>(
    `select ${columns} from orders.recent
      where status = 'PAYMENT_PENDING' and reason = 'payment_undecided' and (pay_by, order_id) > ($1::timestamptz, $2::uuid)
      order by pay_by, order_id limit $3`,
    [...valuesOf(after), limit],
  );
}

/** Both kinds, whose deadline is before the moment. */
export function readStanding(sql: Queryable, before: Date, after: Position, limit: number): Promise<Order[]> {
  return sql.query<Order>(standingStatement, [before, ...valuesOf(after), limit]);
}

export const standingStatement = `select ${columns} from orders.recent
  where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1
    and (pay_by, order_id) > ($2::timestamptz, $3::uuid)
  order by pay_by, order_id limit $4`;

function valuesOf(after: Position): [payBy: Date | string, orderId: string] {
  return [after?.payBy ?? "-infinity", after?.orderId ?? firstUuid];
}
