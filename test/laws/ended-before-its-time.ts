/** A kept order does not fail or give its units back before its payBy, whatever the outage meanwhile. */
import { law } from "./law.ts";
import { isLapsed, isRefused } from "./orders.ts";

export const endedBeforeItsTime = law({
  name: "ended before its time",
  says: "an order that stood fails at its payBy at the earliest, whatever was away meanwhile",
  about: "orders",
  holds: "always",
  reads: ["orders", "history"],
  breaches: ({ orders, history }) => {
    const rows = new Map(orders.map((order) => [order.orderId, order]));
    return history.flatMap((seen) => {
      const { orderId, status, reason, atMs } = seen;
      if (!(status === "FAILED" || isLapsed(seen)) || isRefused(seen)) return [];
      const payByMs = rows.get(orderId)?.payByMs ?? 0;
      if (atMs >= payByMs) return [];
      const [at, payBy] = [new Date(atMs).toISOString(), new Date(payByMs).toISOString()];
      return [{ count: 1, shows: `order ${orderId} was ${status} for ${reason} at ${at}, with time until ${payBy}` }];
    });
  },
});
