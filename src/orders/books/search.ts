/** Finds orders of all customers for an operator, newest first. */
import type { Queryable } from "#engines/sql";
import { isUuid } from "#platform/ids";
import { endOfId } from "#platform/short-codes";
import type { Status } from "../state.ts";
import { columns, lastId, type Order, type Position } from "./order-rows.ts";

/** A field that is undefined is not part of the search. */
export type OrderFilter = {
  status?: Status | undefined;
  productIds?: readonly string[] | undefined;
  orderIds?: readonly string[] | undefined;
  /** A person or an order: an id, whole, or the short code of an order. */
  q?: string | undefined;
  /** Beside `q`: the buyer that it means, if it is the address of an account. */
  buyer?: string | undefined;
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
};

/**
 * The parameters are known when PostgreSQL plans, so a filter that is not asked for vanishes from the plan. A status has
 * no index of its own, because each step of each order would write to it: such orders are looked for from the newest on.
 */
export const matchesFilter = `($1::text is null or status = $1)
    and ($2::text[] is null or product_id = any($2))
    and ($3::text[] is null or user_id = any($3) or order_id = $4::uuid or right(order_id::text, 10) = $5::text)
    and placed_at >= $6::timestamptz and placed_at < $7::timestamptz
    and ($8::uuid[] is null or order_id = any($8))`;

/** The values of `matchesFilter`, which are $1 to $8. */
export function filterValues({ status, productIds, q, buyer, from, to, orderIds }: OrderFilter): unknown[] {
  const who = q === undefined ? null : [q, ...(buyer === undefined ? [] : [buyer])];
  const order = q === undefined ? [null, null] : [isUuid(q) ? q : null, endOfId(q) ?? null];
  return [status ?? null, productIds ?? null, who, ...order, from ?? "-infinity", to ?? "infinity", orderIds ?? null];
}

export const searchStatement = `select ${columns} from orders.orders
  where ${matchesFilter} and (placed_at, order_id) < ($9::timestamptz, $10::uuid)
  order by placed_at desc, order_id desc limit $11`;

export function searchValues(filter: OrderFilter, after: Position | null, limit: number): unknown[] {
  return [...filterValues(filter), after?.placedAt ?? "infinity", after?.orderId ?? lastId, limit];
}

export function searchOrders(sql: Queryable, ...asked: Parameters<typeof searchValues>): Promise<Order[]> {
  return sql.query<Order>(searchStatement, searchValues(...asked));
}
