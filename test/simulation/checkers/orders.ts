/** Orders: what buyers were told holds (I5 to I8), and every order that was accepted comes to its end (L2). */

import { mayFollow } from "../../../src/orders/may-follow.testing.ts";
import { isFinal, isUndecided, type Status, undecidedReason } from "../../../src/orders/state.ts";
import type { People, Told } from "../people.ts";
import type { OrderRow } from "../sql/orders.ts";
import type { World } from "../world.ts";
import { onlooker } from "./units.ts";

/** An order that was promised may end so, and in no other bad way. */
const fairReasons = new Set(["payment_timeout", "cancelled", undecidedReason]);
/** Why the books do not make an order of a reservation. */
const refusals = new Set(["sold_out", "limit_per_customer", "fenced"]);

export function brokenOrders({ books, gate, timeline }: World, people: People): string | undefined {
  const { told, cancelled } = people;
  const { ledger, orders, outcome, queue } = books.tables;
  for (const { orderId, status, reason, payBy } of orders.all(onlooker)) {
    if (status === "CANCELLED" && !cancelled.has(orderId))
      return "an order is CANCELLED, and its buyer did not ask for it";
    // The checkers look after every step, so an order that is seen here to have ended has ended now.
    const isEarly = (status === "FAILED" || reason === undecidedReason) && timeline.now() < payBy.getTime();
    if (isEarly && !refusals.has(reason ?? "")) return `an order is ${status} before its payBy: ${reason}`;
  }
  const claims = new Map<string, number>();
  const fates = Map.groupBy(ledger.all(onlooker), ({ orderId }) => orderId);
  for (const [orderId, ofOrder] of fates) {
    const claimed = ofOrder.filter(({ fate }) => fate === "claimed").length;
    if (claimed > 1) return `I5: an order is claimed ${claimed} times`;
    claims.set(orderId, claimed);
  }
  for (const one of told) {
    if (!one.answer?.ok || one.answer.order.status === "FAILED") continue;
    const order = orders.get(onlooker, one.orderId);
    // A fenced row gives way to what the gate holds, and is not shown meanwhile: src/orders/look.ts.
    const atGate = order && gate.state.get(order.productId)?.records.get(one.orderId);
    const isHidden = order?.reason === "fenced" && atGate && atGate.epoch > order.epoch;
    if (order?.status === "FAILED" && !fairReasons.has(order.reason ?? "") && !isHidden) {
      return `I6: ${one.buyer} was told 202, and the order is FAILED: ${order.reason}`;
    }
    // Under a key a later reservation of the order may be undecided still.
    const decisions = one.key === undefined ? (fates.get(one.orderId) ?? []) : [];
    if (decisions.length > 0 && decisions.every(({ fate }) => fate === "void" || fate === "refused")) {
      return `I6: ${one.buyer} was told 202, the books say ${decisions.map(({ fate }) => fate).join()}`;
    }
  }
  for (const orderId of refusedForGood(told)) {
    if (claims.get(orderId)) return "I7: a buyer was told order_failed, and the order is claimed";
  }
  for (const order of orders.all(onlooker)) {
    const key = ledger.keyOf({ ...order, fate: "claimed", decidedAt: order.placedAt });
    const how = outcome.get(onlooker, key)?.outcome ?? queue.get(onlooker, key)?.outcome;
    // What was sold stays so in the books: units of a refunded order come back as any that come in.
    const isSold = order.status === "CONFIRMED" || order.status === "REFUNDED";
    // What an undecided payment leaves open has given its units back already.
    const isReleased = isUndecided(order as Seen);
    const isOpen = !isFinal(order.status as Status) && !isReleased;
    if (how && (isOpen || isSold !== (how === "sold"))) return `I8: an order is ${order.status}, its units are ${how}`;
    const isClaimed = ledger.get(onlooker, key)?.fate === "claimed";
    if (isClaimed && !isOpen && !how) return `I8: an order is ${order.status}, its units have no outcome`;
    if ((isOpen || isSold) && !isClaimed) return `an order is ${order.status} without a claim`;
  }
  return takenBack(books.tables.orders.all(onlooker) as (OrderRow & Seen)[], people);
}

/** I11: what an order is, once it has ended, it stays; only the money of a confirmed one may go back. */
function takenBack(orders: readonly ({ orderId: string } & Seen)[], { ends }: People): string | undefined {
  for (const { orderId, status: now, reason } of orders) {
    // Refused before it stood: its buyer may order anew under the same key, which makes the same id.
    if (refusals.has(reason ?? "")) continue;
    const before = ends.get(orderId);
    if (before && !mayFollow(before, now)) return `I11: an order was told ${before} for good, and is ${now}`;
    if (isFinal(now)) ends.set(orderId, now);
  }
  return undefined;
}

type Seen = { status: Status; reason: string | null };

/** Orders of which every request has been answered, and answered order_failed. */
function refusedForGood(told: readonly Told[]): string[] {
  return [...Map.groupBy(told, ({ orderId }) => orderId)].flatMap(([orderId, requests]) => {
    const allFailed = requests.every(({ answer }) => answer && !answer.ok && answer.reason === "order_failed");
    return orderId !== "" && allFailed ? [orderId] : [];
  });
}

export function unsettledOrders({ books, log }: World, { told }: People): string | undefined {
  const { orders, outbox } = books.tables;
  for (const one of told) {
    if (!one.answer?.ok) continue;
    const order = orders.get(onlooker, one.orderId);
    if (!order || !isFinal(order.status as Status))
      return `L2: ${one.buyer} was told 202, the order is ${order?.status ?? "nowhere"}`;
  }
  for (const { status } of orders.all(onlooker)) if (!isFinal(status as Status)) return `an order is ${status}`;
  const unfinished = books.tables.refund.all(onlooker).find(({ doneAt }) => doneAt === null);
  if (unfinished) return "a refund is not finished";
  for (const { orderId, restock } of books.tables.refund.all(onlooker)) {
    const entered = books.tables.entry.all(onlooker).filter(({ ref }) => ref === `return ${orderId}`);
    if (entered.length !== (restock ? 1 : 0)) return `units of a refunded order came back ${entered.length} times`;
  }
  if (outbox.all(onlooker).length > 0) return "events are not shipped";
  const events = log.topics.get("orders.events")?.partitions.flatMap(({ records }) => records) ?? [];
  for (const order of orders.all(onlooker)) {
    if (
      !events.some(({ key, headers }) => key === order.orderId && headers.ce_id === `${order.orderId}:${order.status}`)
    ) {
      return `nobody was told that an order is ${order.status}`;
    }
  }
  if (
    [...log.topics].some(([name, { partitions }]) => name.endsWith(".dlq") && partitions.some(({ end }) => end > 0n))
  ) {
    return "a record of ours is in the dead letters";
  }
  return undefined;
}
