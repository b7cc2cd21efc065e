/** An order is CANCELLED only if its buyer asked for it. */
import { law } from "./law.ts";

export const cancelledUnasked = law({
  name: "cancelled unasked",
  says: "only an order whose buyer asked for it is CANCELLED",
  about: "orders",
  holds: "always",
  reads: ["orders", "cancelled"],
  breaches: ({ orders, cancelled }) =>
    orders
      .filter(({ orderId, status }) => status === "CANCELLED" && !cancelled.has(orderId))
      .map(({ orderId }) => ({ count: 1, shows: `order ${orderId} is CANCELLED, and its buyer did not ask for it` })),
});
