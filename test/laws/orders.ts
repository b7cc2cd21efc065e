/** Words about orders and claims that several laws share. */
import { isUndecided, type Status, undecidedReason } from "../../src/orders/state.ts";
import type { End, Evidence, OrderRow } from "./evidence.ts";
import { refOf } from "./law.ts";

/** Why the books make no order of a reservation. Under the same key its buyer may order again. */
const refusals: ReadonlySet<string> = new Set(["sold_out", "limit_per_customer", "fenced"]);

/** Why a promised order may fail. */
export const fairReasons: ReadonlySet<string> = new Set([
  "payment_timeout",
  "next_in_line",
  "cancelled",
  undecidedReason,
]);

export function isRefused({ reason }: { reason: string | null }) {
  return refusals.has(reason ?? "");
}

/** Its time ran out, its units were given back, and its payment is undecided. */
export function isLapsed({ status, reason }: { status: string; reason: string | null }) {
  return isUndecided({ status: status as Status, reason });
}

/** Its units are sold. Those of a refunded order stay sold, and come back only as an entry. */
export function isSold({ status }: { status: string }) {
  return status === "CONFIRMED" || status === "REFUNDED";
}

export function isOpen(order: Pick<OrderRow, "status" | "reason">) {
  return (order.status === "INVENTORY_RESERVED" || order.status === "PAYMENT_PENDING") && !isLapsed(order);
}

/** Its units belong to the order: held, or sold. */
export function stands(order: Pick<OrderRow, "status" | "reason">) {
  return isSold(order) || isOpen(order);
}

/** How each claim ended, counted or not. */
export function endsOf({ outcomes, queued }: Pick<Evidence, "outcomes" | "queued">): Map<string, End["outcome"]> {
  return new Map([...queued, ...outcomes].map((one) => [refOf(one), one.outcome]));
}

export function customerOf({ productId, userId }: { productId: string; userId: string }) {
  return `${userId} of ${productId}`;
}
