/** The books never decide against an order that was answered 202 (I6). */
import type { Evidence } from "./evidence.ts";
import { law } from "./law.ts";
import { fairReasons } from "./orders.ts";

export const acceptedAndRefused = law({
  name: "accepted and refused",
  says: "the books decide against no order that was answered 202",
  about: "orders",
  holds: "always",
  reads: ["wishes", "orders", "decisions", "gate"],
  breaches: ({ wishes, orders, decisions, gate }) => {
    const rows = new Map(orders.map((order) => [order.orderId, order]));
    const fates = Map.groupBy(decisions, ({ orderId }) => orderId);
    return wishes.flatMap(({ attempts, user, key }) => {
      const promised = attempts.find(({ told, status }) => told === "ok" && status !== "FAILED");
      if (!promised) return [];
      const { orderId = "" } = promised;
      const order = rows.get(orderId);
      if (order?.status === "FAILED" && !fairReasons.has(order.reason ?? "") && !isHidden(order, gate)) {
        return [{ count: 1, shows: `${user} was told 202, and order ${orderId} is FAILED: ${order.reason}` }];
      }
      // Under a key a later reservation of the order may still be undecided.
      const decided = key === undefined ? (fates.get(orderId) ?? []) : [];
      const isAgainst = decided.length > 0 && decided.every(({ fate }) => fate === "void" || fate === "refused");
      const says = decided.map(({ fate }) => fate).join(", ");
      return isAgainst ? [{ count: 1, shows: `${user} was told 202, and the books say of ${orderId}: ${says}` }] : [];
    });
  },
});

/** A fenced row yields to the gate's record, and is not shown meanwhile: src/orders/look.ts. */
function isHidden(order: Evidence["orders"][number], gate: Evidence["gate"]): boolean {
  if (order.reason !== "fenced") return false;
  const reading = gate.find(({ productId }) => productId === order.productId);
  return reading?.records?.some(({ orderId, epoch }) => orderId === order.orderId && epoch > order.epoch) ?? false;
}
