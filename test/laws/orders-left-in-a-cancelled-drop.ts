/** At rest a cancelled drop has no order that is open or paid: each was cancelled or refunded (D5). */
import { law } from "./law.ts";

const over: ReadonlySet<string> = new Set(["CANCELLED", "REFUNDED", "FAILED"]);

export const ordersLeftInACancelledDrop = law({
  name: "orders left in a cancelled drop",
  says: "once a cancelled drop is at rest each of its orders has been cancelled, refunded or has failed",
  about: "drops",
  holds: "at rest",
  reads: ["terms", "orders"],
  breaches: ({ terms, orders }) => {
    const answered = terms.filter(({ cancelled, answeredMs }) => cancelled && answeredMs !== undefined);
    const calledOff = new Set(answered.map(({ productId }) => productId));
    return orders
      .filter(({ productId, status }) => calledOff.has(productId) && !over.has(status))
      .map(({ orderId, status, productId }) => ({
        count: 1,
        shows: `order ${orderId} is ${status}, and the drop of ${productId} is cancelled`,
      }));
  },
});
