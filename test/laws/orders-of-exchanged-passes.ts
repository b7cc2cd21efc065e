/** Once a person was told that a pass is exchanged, it makes no order (the race of exchange and use). */
import { law } from "./law.ts";

export const ordersOfExchangedPasses = law({
  name: "orders of exchanged passes",
  says: "a pass that its person was told is exchanged has no order and never gets one",
  about: "line",
  holds: "always",
  reads: ["lines", "orders"],
  breaches: ({ lines, orders }) =>
    lines.flatMap(({ passes, exchanged }) => {
      const byOrder = new Map(passes.map((pass) => [pass.orderId, pass]));
      return orders.flatMap(({ orderId, userId, status }) => {
        const passId = byOrder.get(orderId)?.passId;
        if (passId === undefined || !exchanged.includes(passId)) return [];
        return [
          { count: 1, shows: `${userId} was told that pass ${passId} is exchanged; its order ${orderId} is ${status}` },
        ];
      });
    }),
});
