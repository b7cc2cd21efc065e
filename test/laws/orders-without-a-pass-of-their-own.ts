/** A pass makes one order, and in a drop with a line each order has a pass (L6). */
import { law } from "./law.ts";

export const ordersWithoutAPassOfTheirOwn = law({
  name: "orders without a pass of their own",
  says: "each order of a product that has passes is the order of one of them, and a pass has no second one",
  about: "line",
  holds: "always",
  reads: ["lines", "orders"],
  breaches: ({ lines, orders }) =>
    lines.flatMap(({ passes }) => {
      const byOrder = new Map(passes.map((pass) => [pass.orderId, pass]));
      const products = new Set(passes.map(({ productId }) => productId));
      return orders
        .filter(({ productId, userId }) => products.has(productId) && userId !== "")
        .filter(({ orderId, userId }) => byOrder.get(orderId)?.userId !== userId)
        .map(({ orderId, userId }) => ({ count: 1, shows: `order ${orderId} of ${userId} is the order of no pass` }));
    }),
});
