/** Finds orders of all customers for an operator, newest first. */
import type { Queryable } from "#engines/sql";
import { isUuid } from "#platform/ids";
import { columns, lastId, type Order } from "./order-rows.ts";
import type { Status } from "./state.ts";

/** A field that is undefined is not part of the search. */
export type OrderFilter = {
  status?: Status | undefined;
  productId?: string | undefined;
  /** The id of an order or of a buyer, whole. */
  q?: string | undefined;
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
};

/**
 * The parameters are known when PostgreSQL plans, so a filter that is not asked for vanishes from the plan. A status has
 * no index of its own, because each step of each order would write to it: such orders are looked for from the newest on.
 */
export const searchStatement = `select ${columns} from orders.orders
  where (placed_at, order_id) < ($1::timestamptz, $2::uuid)
    and ($3::text is null or status = $3)
    and ($4::text is null or product_id = $4)
    and ($5::text is null or user_id = $5 or order_id = $6::uuid)
    and placed_at >= $7::timestamptz and placed_at < $8::timestamptz
  order by placed_at desc, order_id desc limit $9`;

export function searchValues(
  { status, productId, q, from, to }: OrderFilter,
  after: { placedAt: Date; orderId: string } | null,
  limit: number,
): unknown[] {
  const position = [after?.placedAt ?? "infinity", after?.orderId ?? lastId];
  const asked = [status ?? null, productId ?? null, q ?? null, q !== undefined && isUuid(q) ? q : null];
  return [...position, ...asked, from ?? "-infinity", to ?? "infinity", limit];
}

export function searchOrders(sql: Queryable, ...asked: Parameters<typeof searchValues>): Promise<Order[]> {
  return sql.query<Order>(searchStatement, searchValues(...asked));
}
