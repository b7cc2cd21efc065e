/** The orders of some products that are to end together, because what they were placed for is called off. */
import type { Queryable } from "#engines/sql";

/** What ending them would do, as of now: of one currency, how many are open, how many are paid, and what was paid. */
export type NotEnded = { currency: string; open: number; paid: number; paidMinor: number };

export type EndAll = { productIds: readonly string[]; since: Date; reason: string; actor: string };

/** Sums the same orders by currency. */
export function sumNotEnded(sql: Queryable, productIds: readonly string[], since: Date): Promise<NotEnded[]> {
  return sql.query(
    `select currency, count(*) filter (where status <> 'CONFIRMED') as open,
            count(*) filter (where status = 'CONFIRMED') as paid,
            coalesce(sum(unit_price_minor * quantity) filter (where status = 'CONFIRMED'), 0)::bigint as "paidMinor"
       from orders.orders
      where product_id = any($1::text[]) and placed_at >= $2
        and status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED')
      group by currency order by currency`,
    [productIds, since],
  );
}

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
