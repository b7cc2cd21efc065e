/** The units of a refunded order come back into stock once if the refund says so, and not otherwise. */
import { law } from "./law.ts";

export const unitsOfRefundedOrders = law({
  name: "units of refunded orders",
  says: "the units of a refunded order come back into stock once where they were to, and else not",
  about: "units",
  holds: "at rest",
  reads: ["refunds", "orders", "entries"],
  breaches: ({ refunds, orders, entries }) =>
    refunds.flatMap(({ orderId, restock }) => {
      const quantity = orders.find((order) => order.orderId === orderId)?.quantity ?? 0;
      const back = entries.filter(({ ref }) => ref === `return ${orderId}`);
      const has = back.reduce((units, entry) => units + entry.quantity, 0);
      const should = restock ? quantity : 0;
      if (has === should && back.length === (restock ? 1 : 0)) return [];
      const shows = `of refunded order ${orderId} ${has} units came back in ${back.length} entries, and should be ${should}`;
      return [{ count: Math.max(1, Math.abs(should - has)), shows }];
    }),
});
