/** Words about orders and claims that several laws share. */
import { isUndecided, type Status, undecidedReason } from "../../src/orders/state.ts";
import type { Evidence, OrderRow, Outcome } from "./evidence.ts";
import { refOf } from "./law.ts";

/** Why the books do not make an order of a reservation. Under the same key its buyer may order anew. */
const refusals: ReadonlySet<string> = new Set(["sold_out", "limit_per_customer", "fenced"]);

/** Why an order that was promised may fail. */
export const fairReasons: ReadonlySet<string> = new Set(["payment_timeout", "cancelled", undecidedReason]);

export const isRefused = ({ reason }: { reason: string | null }) => refusals.has(reason ?? "");

/** Out of time, its units given back, and its payment undecided. */
export const isLapsed = ({ status, reason }: { status: string; reason: string | null }) =>
  isUndecided({ status: status as Status, reason });

/** Its units are sold. Those of a refunded order stay sold, and come back as an entry if at all. */
export const isSold = ({ status }: { status: string }) => status === "CONFIRMED" || status === "REFUNDED";

export const isOpen = (order: Pick<OrderRow, "status" | "reason">) =>
  (order.status === "INVENTORY_RESERVED" || order.status === "PAYMENT_PENDING") && !isLapsed(order);

/** Its units are the order's: held, or sold. */
export const stands = (order: Pick<OrderRow, "status" | "reason">) => isSold(order) || isOpen(order);

/** How each claim ended, counted or not. */
export function endsOf({ outcomes, queued }: Pick<Evidence, "outcomes" | "queued">): Map<string, Outcome["outcome"]> {
  return new Map([...queued, ...outcomes].map((one) => [refOf(one), one.outcome]));
}

export const customerOf = ({ productId, userId }: { productId: string; userId: string }) => `${userId} of ${productId}`;
