/** At rest every order that was answered 202 is in the books, under the one id that its buyer was told (L2). */
import { law } from "./law.ts";

export const acceptedAndUnknown = law({
  name: "accepted and unknown",
  says: "every order that was answered 202 is in the books, under the one id that was told",
  about: "orders",
  holds: "at rest",
  reads: ["wishes", "orders"],
  breaches: ({ wishes, orders }) => {
    const known = new Set(orders.map(({ orderId }) => orderId));
    return wishes.flatMap(({ attempts, user }) => {
      const ids = new Set(attempts.filter(({ told }) => told === "ok").map(({ orderId }) => orderId ?? ""));
      if (ids.size > 1) return [{ count: 1, shows: `${user} was told two ids: ${[...ids].join(", ")}` }];
      return [...ids]
        .filter((orderId) => !known.has(orderId))
        .map((orderId) => ({ count: 1, shows: `order ${orderId} of ${user} was accepted and is not in the books` }));
    });
  },
});
