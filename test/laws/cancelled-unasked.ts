/** An order is CANCELLED only if its buyer asked for it, or an operator cancelled its drop. */
import { law } from "./law.ts";

export const cancelledUnasked = law({
  name: "cancelled unasked",
  says: "only an order whose buyer asked for it, or whose drop is cancelled, is CANCELLED",
  about: "orders",
  holds: "always",
  reads: ["orders", "cancelled", "terms"],
  breaches: ({ orders, cancelled, terms }) => {
    const calledOff = new Set(terms.filter((one) => one.cancelled).map(({ productId }) => productId));
    return orders
      .filter(({ status, productId }) => status === "CANCELLED" && !calledOff.has(productId))
      .filter(({ orderId }) => !cancelled.has(orderId))
      .map(({ orderId }) => ({ count: 1, shows: `order ${orderId} is CANCELLED, and its buyer did not ask for it` }));
  },
});
