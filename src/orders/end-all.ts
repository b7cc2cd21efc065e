/** The orders of some products that are to end together, because what they were placed for is called off. */
import type { Queryable } from "#engines/sql";

export type EndAll = { productIds: readonly string[]; since: Date; reason: string; actor: string };

/** Open orders and confirmed ones, placed since then. */
export function readNotEnded(
  sql: Queryable,
  productIds: readonly string[],
  since: Date,
  limit: number,
): Promise<{ orderId: string; status: string }[]> {
  return sql.query(
    `select order_id as "orderId", status from orders.orders
      where product_id = any($1::text[]) and placed_at >= $2
        and status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED') limit $3`,
    [productIds, since, limit],
  );
}
