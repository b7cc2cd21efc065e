/**
 * Refunds a confirmed order: only a refund may follow an order's end. The order becomes REFUNDED first, in one
 * transaction with the row of the remaining work; money and units follow, and are repeated until they are done.
 */
import type { Queryable, Tx } from "#engines/sql";
import { firstUuid } from "#platform/ids";
import { note, type Order } from "../books/order-rows.ts";

export type RefundRequest = {
  reason: string;
  /** Whether the units come back into stock. */
  restock: boolean;
  actor: string;
  /** Also if the order's units have left the warehouse. */
  evenIfHandedOver?: true;
};
export type Refund = Omit<RefundRequest, "evenIfHandedOver"> &
  Pick<Order, "orderId" | "productId" | "quantity"> & { askedAt: Date };

/** Given back at the provider while the order stays paid. `givenBackMinor`: in all, with earlier parts. */
export type PartialRefund = { partMinor: number; givenBackMinor: number; at: Date };

/** The entry of the timeline. */
export const partlyRefunded = "PAYMENT_PARTLY_REFUNDED";

/** An order's total without the parts that went back, as the books know them. */
export const restMinor = `unit_price_minor * quantity - coalesce(
  (select max((entry->>'givenBackMinor')::bigint) from jsonb_array_elements(timeline) as entry), 0)`;

/** What went back of an order's total, or is on its way back. */
export function givenBackOf({ status, totalMinor, timeline }: Order): number {
  return status === "REFUNDED" ? totalMinor : Math.max(0, ...timeline.map(({ givenBackMinor = 0 }) => givenBackMinor));
}

/** undefined if the order has the entry, or was not paid. */
export function takePartialRefund(
  tx: Tx,
  orderId: string,
  { givenBackMinor, at }: PartialRefund,
): Promise<Order | undefined> {
  const entry = { status: partlyRefunded, at: at.toISOString(), givenBackMinor };
  return note(tx, orderId, entry, ["CONFIRMED", "REFUNDED"]);
}

export async function insertRefund(tx: Tx, orderId: string, refund: RefundRequest, at: Date): Promise<void> {
  await tx.query("insert into orders.refund (order_id, reason, restock, actor, asked_at) values ($1, $2, $3, $4, $5)", [
    orderId,
    refund.reason,
    refund.restock,
    refund.actor,
    at,
  ]);
}

const columns = `refund.order_id as "orderId", refund.reason, restock, actor, asked_at as "askedAt", product_id as "productId", quantity`;

export async function readRefund(sql: Queryable, orderId: string): Promise<Refund | undefined> {
  const [refund] = await sql.query<Refund>(
    `select ${columns} from orders.refund join orders.orders using (order_id) where refund.order_id = $1`,
    [orderId],
  );
  return refund;
}

/** Refunds whose money or units may still be missing, oldest first, starting after `after`. */
export function unfinishedRefunds(sql: Queryable, after: Refund | undefined, limit: number): Promise<Refund[]> {
  return sql.query<Refund>(
    `select ${columns} from orders.refund join orders.orders using (order_id)
      where done_at is null and (asked_at, refund.order_id) > ($2::timestamptz, $3::uuid)
      order by asked_at, refund.order_id limit $1`,
    [limit, after?.askedAt ?? "-infinity", after?.orderId ?? firstUuid],
  );
}

export async function noteRefundDone(sql: Queryable, orderId: string, at: Date): Promise<void> {
  await sql.query("update orders.refund set done_at = $2 where order_id = $1 and done_at is null", [orderId, at]);
}
