/** An order id has at most one claim (I5). */
import { law } from "./law.ts";

export const claimedTwice = law({
  name: "claimed twice",
  says: "the books claim units for an order once",
  about: "orders",
  holds: "always",
  reads: ["decisions"],
  breaches: ({ decisions }) => {
    const claims = decisions.filter(({ fate }) => fate === "claimed");
    return [...Map.groupBy(claims, ({ orderId }) => orderId)]
      .filter(([, ofOrder]) => ofOrder.length > 1)
      .map(([orderId, ofOrder]) => ({
        count: ofOrder.length - 1,
        shows: `order ${orderId} is claimed ${ofOrder.length} times`,
      }));
  },
});
