/**
 * Finds paid orders that have no parcel: the log lost their event before it was read here. A round goes over the orders
 * of the last week, newest first, page by page.
 */
import type { Queryable } from "#engines/sql";
import type { Orders, Position } from "#orders";

export type UntoldOptions = {
  sql: Queryable;
  orders: Pick<Orders, "search">;
  note(orderIds: readonly string[]): Promise<void>;
  now(): number;
};

const ordersAtOnce = 200;
const lookBackMs = 7 * 24 * 3_600_000;

/** One page. Answers false at the end of a round. */
export function createUntold({ sql, orders, note, now }: UntoldOptions): () => Promise<false | undefined> {
  let after: Position | null = null;
  return async () => {
    const from = new Date(now() - lookBackMs);
    const page = await orders.search({ status: "CONFIRMED", from }, after, ordersAtOnce);
    const missing = await withoutParcel(
      sql,
      page.map(({ orderId }) => orderId),
    );
    if (missing.length > 0) await note(missing);
    const last = page.at(-1);
    after = last && page.length === ordersAtOnce ? { placedAt: last.placedAt, orderId: last.orderId } : null;
    return after ? undefined : false;
  };
}

async function withoutParcel(sql: Queryable, orderIds: readonly string[]): Promise<string[]> {
  if (orderIds.length === 0) return [];
  const rows = await sql.query<{ orderId: string }>(
    `select asked.id as "orderId" from unnest($1::uuid[]) as asked (id)
      where not exists (select from warehouse.parcel p where p.order_id = asked.id)`,
    [orderIds],
  );
  return rows.map(({ orderId }) => orderId);
}
