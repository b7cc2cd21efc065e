/** Extends the time to pay of an open order, once, by what its drop offered when the order came into the books. */
import type { Tx } from "#engines/sql";
import { columns, type Order } from "../books/order-rows.ts";
import type { SeenOrder } from "../look.ts";
import { isFinal, isUndecided, openStatuses, undecidedReason } from "../state.ts";

export type ExtensionRefusal = "order_ended" | "already_extended" | "extension_not_offered" | "too_late";

/**
 * Moves the deadline if the order is open, was not extended before and has time left: one statement on the order's row,
 * so of an extension and an end that come together one finds the row changed. Whatever reads the deadline later reads the
 * row: the request to pay opens the payment with it.
 */
export async function extendOrder(tx: Tx, orderId: string, at: Date): Promise<Order | undefined> {
  const [order] = await tx.query<Order>(
    `update orders.recent
        set extended_at = $2, pay_by = pay_by + extension_seconds * interval '1 second',
            timeline = timeline || jsonb_build_object('status', 'PAYMENT_EXTENDED', 'at', $3::text, 'payBy',
              to_char((pay_by + extension_seconds * interval '1 second') at time zone 'UTC', $4))
      where order_id = $1 and status = any($5::text[]) and reason is distinct from $6
        and extension_seconds > 0 and extended_at is null and pay_by > $2
      returning ${columns}`,
    [orderId, at, at.toISOString(), isoFormat, openStatuses, undecidedReason],
  );
  return order;
}

/** As `toISOString` writes it. */
const isoFormat = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

export function isExtendable(order: Pick<SeenOrder, "status" | "reason" | "extensionSeconds" | "isExtended">): boolean {
  return openStatuses.includes(order.status) && !isUndecided(order) && order.extensionSeconds > 0 && !order.isExtended;
}

/** Why an order in this state was not extended. */
export function whyNotExtended(order: SeenOrder): ExtensionRefusal {
  if (isFinal(order.status)) return "order_ended";
  if (order.isExtended) return "already_extended";
  return order.extensionSeconds === 0 ? "extension_not_offered" : "too_late";
}
