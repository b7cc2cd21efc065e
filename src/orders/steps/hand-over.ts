/**
 * Lets the units of a confirmed order leave the warehouse. Hand-over and refund compare and set the same row: the second
 * of them finds what the first one did.
 */
import type { Queryable, Tx } from "#engines/sql";
import { columns, type Order, type TimelineEntry } from "../books/order-rows.ts";
import { readWherever } from "../books/past-rows.ts";

/** The entry of the timeline; the order stays CONFIRMED. */
const handedOver = "HANDED_OVER";

/** undefined if the order is not confirmed (any more), or was handed over before. */
export async function takeHandOver(tx: Tx, orderId: string, at: Date): Promise<Order | undefined> {
  const entry: TimelineEntry = { status: handedOver, at: at.toISOString() };
  const [order] = await tx.query<Order>(
    `update orders.orders set handed_over_at = $2, timeline = timeline || $3::jsonb
      where order_id = $1 and status = 'CONFIRMED' and handed_over_at is null
      returning ${columns}`,
    [orderId, at, JSON.stringify([entry])],
  );
  return order;
}

/** Whether the units are still here. The row stays locked, so that they are until the transaction ends. */
export async function keepHere(tx: Tx, orderId: string): Promise<boolean> {
  const rows = await tx.query("select from orders.orders where order_id = $1 and handed_over_at is null for update", [
    orderId,
  ]);
  return rows.length > 0;
}

/** The orders among these that are in the books, as they stand now. */
export async function readBooked(sql: Queryable, orderIds: readonly string[]): Promise<BookedOrder[]> {
  return readWherever<BookedOrder>(sql, `${columns}, handed_over_at as "handedOverAt"`, orderIds);
}

export type BookedOrder = Order & { handedOverAt: Date | null };
