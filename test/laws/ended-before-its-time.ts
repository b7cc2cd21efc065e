/**
 * A kept order does not fail or give its units back before its payBy, whatever the outage meanwhile; nor before the later
 * one that its buyer was told when they extended it.
 */
import { law } from "./law.ts";
import { isLapsed, isRefused } from "./orders.ts";

export const endedBeforeItsTime = law({
  name: "ended before its time",
  says: "an order that stood fails at its payBy at the earliest, at the later one if it was extended",
  about: "orders",
  holds: "always",
  reads: ["orders", "history", "extended"],
  breaches: ({ orders, history, extended }) => {
    const rows = new Map(orders.map((order) => [order.orderId, order]));
    return history.flatMap((seen) => {
      const { orderId, status, reason, atMs } = seen;
      if (!(status === "FAILED" || isLapsed(seen)) || isRefused(seen)) return [];
      const payByMs = Math.max(rows.get(orderId)?.payByMs ?? 0, extended.get(orderId) ?? 0);
      if (atMs >= payByMs) return [];
      const [at, payBy] = [new Date(atMs).toISOString(), new Date(payByMs).toISOString()];
      return [{ count: 1, shows: `order ${orderId} was ${status} for ${reason} at ${at}, with time until ${payBy}` }];
    });
  },
});
