/** Lists every reason for which an order is refused, with its status and sentence. docs/errors.md is made from it. */
import { defineProblems, type ProblemKind, platformProblems } from "#platform/problems";
import type { PlaceRefusal } from "./accept/answers.ts";
import { isFinal, type Status } from "./state.ts";
import type { ExtensionRefusal } from "./steps/extension.ts";

export const orderProblems = defineProblems({
  sold_out: { status: 409, title: "Sold out" },
  limit_per_customer: { status: 409, title: "More units than one customer may hold" },
  drop_not_open: { status: 409, title: "The drop is not open yet" },
  drop_ended: { status: 409, title: "The drop is over" },
  drop_paused: { status: 503, title: "The drop is paused", retryAfterSeconds: 5 },
  pass_required: { status: 403, title: "This drop is sold in the order of its line" },
  pass_invalid: { status: 403, title: "This pass is not valid for this order" },
  pass_expired: { status: 403, title: "The pass has expired" },
  price_changed: { status: 409, title: "The price is not the one you expected" },
  product_not_found: { status: 404, title: "There is no such product" },
  price_not_available: { status: 503, title: "Price not available", retryAfterSeconds: 1 },
  order_failed: { status: 503, title: "The order failed; nothing is held", retryAfterSeconds: 1 },
  outcome_pending: { status: 503, title: "The outcome of the order is not known yet", retryAfterSeconds: 1 },
  closed: { status: 503, title: "New orders are not taken at the moment", retryAfterSeconds: 5 },
  idempotency_mismatch: { status: 422, title: "This Idempotency-Key was used with another request" },
  order_not_found: { status: 404, title: "There is no such order" },
  already_extended: { status: 409, title: "The time to pay was extended already" },
  extension_not_offered: { status: 409, title: "The time to pay of this order cannot be extended" },
  too_late: { status: 409, title: "The time to pay is over" },
  order_not_confirmed: { status: 409, title: "Only a confirmed order can be refunded" },
  handed_over: { status: 409, title: "The parcel was handed over" },
  already_refunded: { status: 409, title: "The order was refunded already, with other values" },
  bulk_too_large: { status: 409, title: "These are more orders than one bulk act may have" },
  bulk_plan_not_found: { status: 404, title: "There is no such plan" },
  bulk_plan_expired: { status: 410, title: "The plan was previewed too long ago" },
  order_ended: { status: 409, title: "The order has ended already" },
});

const details: Record<Exclude<PlaceRefusal, "overloaded"> | "drop_not_open", string> = {
  sold_out:
    "Not enough units are left. Units come back when others do not pay: try again later, or join the line at listUrl if there is one.",
  limit_per_customer: "With these units you would hold more than one customer may. Nothing was taken.",
  drop_not_open:
    "Order again at opensAt. Until then serverNow says how late it is for the drop, whatever your clock says.",
  drop_ended: "No new orders are taken. Orders that were accepted before continue.",
  drop_paused: "The seller has paused the drop. Try again in a few seconds; the drop's page says why.",
  pass_required:
    "Join the line at roomUrl. When it is your turn it gives you a pass for the product: send it in the header Drop-Pass.",
  pass_invalid:
    "A pass is for one person, one product and one drop, and for nothing once it was exchanged. Ask the line for yours again.",
  pass_expired:
    "No order was placed with it in time. Ask the line at /drops/{dropId}/room whether you get another one.",
  price_changed:
    "expectedTotal is not what the order costs now. Read the product again, and order at its price if you agree.",
  product_not_found: "No product has this productId. GET /products lists them.",
  price_not_available: "Price not available: the stock gate cannot answer for this product. Nothing was taken.",
  order_failed: "The order could not be recorded, and nothing is held or charged. Try again.",
  outcome_pending: "Ask again with the same Idempotency-Key, or look at the order, in a second.",
  closed: "The shop is closed for new orders, or cannot find out now whether it is open. Accepted orders continue.",
  idempotency_mismatch:
    "Use a new key for a new order, or repeat the first request unchanged. A pass makes one order, whatever key comes with it.",
};

export const whyNotExtendedDetails: Record<ExtensionRefusal, string> = {
  order_ended: "The order has ended, so there is no time to extend.",
  already_extended: "An order is extended once. Pay it by payBy, which says the later deadline.",
  extension_not_offered:
    "Only orders of a drop that offers it can be extended; they show it in extendable. Pay by payBy.",
  too_late: "It could be extended until payBy. If a payment is still being decided, wait for its answer.",
};

export const handedOverSays =
  "Its units have left the warehouse, so nothing was refunded. To give the money back nevertheless, send force=true.";

export function whyNotRefunded({ orderId, status }: { orderId: string; status: Status }): string {
  if (!isFinal(status)) {
    return `The order is ${status}: nothing was taken for it. To end it, cancel it: POST /orders/${orderId}/cancel.`;
  }
  return `The order is ${status}: nothing stays taken for it. What was held or taken goes back by itself; its payment says how far that is.`;
}

/** The answers to a request to place an order, for its route's document. */
export const placeProblems: readonly ProblemKind[] = Object.keys(details).map(
  (reason) => orderProblems[reason as keyof typeof details],
);

export function refusalOf(reason: keyof typeof details): { kind: ProblemKind; detail: string } {
  return { kind: orderProblems[reason], detail: details[reason] };
}

/** Refusals of several routes, each with what it says. */
export const refusals = {
  notYours: [orderProblems.order_not_found, "None of your orders has this orderId. GET /orders lists them."],
  notFound: [orderProblems.order_not_found, "No order has this orderId. GET /admin/orders finds orders."],
  noPlan: [
    orderProblems.bulk_plan_not_found,
    "No plan has this planId. Preview the act again: POST /admin/orders/bulk/preview.",
  ],
  overloaded: [
    platformProblems.overloaded,
    "Nothing was taken for this request. Send it again, unchanged, after as many seconds as Retry-After says.",
  ],
} as const;

/** How long a request about an accepted order waits for it to reach the books, milliseconds. */
export const settleWithinMs = 2_000;
export const notSettledYet = "An accepted order may not be settled yet. Ask again in a second.";
