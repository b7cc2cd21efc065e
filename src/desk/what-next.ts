/** Says in a sentence what happens next to an order, from what is known of it. */
import { isUndecided, type Order } from "#orders";
import type { Known } from "./black-box-lines.ts";
import { stuckAfterMs } from "./sagas.ts";

export function whatNext(known: Known, nowMs: number): string {
  const { books, record } = known;
  // A settled order's record stays until the gate has the books' row. A fenced order gives way to a later record.
  const isBooked = books?.order !== undefined && books.order.reason !== "fenced";
  const isOnItsWay = record && record.state !== "claimed" && record.state !== "refused";
  if (isOnItsWay && !isBooked) return beforeTheBooks(known, record.state);
  if (!books) return "The books do not answer, so it is not known what happens next.";
  const { order } = books;
  if (!order) return withoutAnOrder(known);
  if (order.status === "PAYMENT_PENDING" || order.status === "INVENTORY_RESERVED")
    return whileOpen(order, known, nowMs);
  const owed = moneyOwed(known);
  if (order.status === "CONFIRMED") return owed ?? parcelsNext(known);
  if (owed !== undefined) return owed;
  if (order.status === "REFUNDED") {
    return books.refund && !books.refund.doneAt
      ? "Its refund is repeated every second until money and units are where they belong."
      : `Nothing: it is ${isFree(order) ? "taken back" : "refunded"}.`;
  }
  const isQueued = known.stock?.reservations.some(({ outcome, endedAt }) => outcome === "released" && !endedAt);
  return isQueued ? "Its units are counted back within a second." : "Nothing: it has ended, and it holds no units.";
}

function beforeTheBooks({ lag }: Known, state: string): string {
  if (state !== "published") return "The log has not acknowledged it. It is published or voided within seconds.";
  const waiting = lag === undefined ? "The log does not answer" : `${lag} accepted orders wait for settlement`;
  return `It is accepted, and settlement writes it into the books. ${waiting}.`;
}

function withoutAnOrder({ stock }: Known): string {
  const last = stock?.reservations.at(-1);
  if (!last) return "Nothing: neither the gate nor the books have such an order.";
  return `Nothing: its reservation is ${last.fate}, and no order came of it.`;
}

function whileOpen(order: Order, { paid }: Known, nowMs: number): string {
  if (isUndecided(order)) {
    return "It waits until the provider has decided. If the payment is granted and units are free, it is confirmed; otherwise it ends and the money goes back.";
  }
  const states = new Set(paid?.payments.map(({ state }) => state));
  const payByMs = order.payBy.getTime();
  const until = order.payBy.toISOString();
  if (nowMs > payByMs + stuckAfterMs) {
    return `Its saga stands: it should have ended at ${until}. POST /admin/sagas/${order.orderId}/retry says why.`;
  }
  if (states.has("authorized") || states.has("captured"))
    return `${isFree(order) ? "Its buyer took it" : "It is paid"}, and its saga confirms it now.`;
  const units = order.quantity === 1 ? "its unit goes" : `its ${order.quantity} units go`;
  const then = `then it fails with payment_timeout and ${units} back on sale`;
  if (states.has("requested")) return `The provider decides about its payment. It may take until ${until}; ${then}.`;
  return nowMs < payByMs
    ? `It waits ${isFree(order) ? "for its buyer to confirm it" : "for its payment"} until ${until}; ${then}.`
    : "Its time is over, and its saga ends it now.";
}

function isFree({ totalMinor }: Order): boolean {
  return totalMinor === 0;
}

function moneyOwed({ paid }: Known): string | undefined {
  const owing = paid?.payments.find(
    ({ state }) => state === "capturing" || state === "voiding" || state === "refunding",
  );
  if (!owing) return undefined;
  const what = { capturing: "captures", voiding: "releases", refunding: "gives back" }[owing.state as "voiding"];
  return `The shop ${what} its money: the next try is due at ${owing.nextTryAt.toISOString()}.`;
}

function parcelsNext({ parcel, books }: Known): string {
  const state = parcel?.parcel.state;
  if (state === "handed_over" || books?.order?.timeline.some(({ status }) => status === "HANDED_OVER")) {
    return "Nothing: it is handed over.";
  }
  if (state === "picked") return "Its parcel is picked and waits to be handed over.";
  if (state === "picking") return "Its parcel is being picked.";
  if (state === "short") return "Its parcel is short: the order is taken back by itself.";
  return state === "to_pick" ? "Its parcel waits to be picked." : "The warehouse makes a parcel of it.";
}
