/** A buyer who was answered for good that there is no order has none, and no claim (I7). */
import { law } from "./law.ts";
import { customerOf, stands } from "./orders.ts";
import { toldOf, type Wish } from "./wish.ts";

export const failedAndStanding = law({
  name: "failed and standing",
  says: "a buyer who was told for good that there is no order has none",
  about: "orders",
  holds: "always",
  reads: ["wishes", "orders", "decisions"],
  breaches: ({ wishes, orders, decisions }) => {
    const standing = Map.groupBy(orders.filter(stands), customerOf);
    const claimed = new Set(decisions.filter(({ fate }) => fate === "claimed").map(({ orderId }) => orderId));
    const wished = Map.groupBy(wishes, (wish) => customerOf({ ...wish, userId: wish.user }));
    return [...wished].flatMap(([customer, ofBuyer]) => {
      const has = standing.get(customer)?.length ?? 0;
      const maybe = ofBuyer.filter((wish) => toldOf(wish) !== "fail").length;
      if (has > maybe) {
        return [{ count: has - maybe, shows: `${customer}: ${has} orders stand, and hope was left of ${maybe}` }];
      }
      return ofBuyer.flatMap((wish) => {
        const orderId = failedFor(wish);
        if (orderId === undefined || !claimed.has(orderId)) return [];
        return [{ count: 1, shows: `${customer}: order ${orderId} is claimed, and its buyer was told order_failed` }];
      });
    });
  },
});

/** The order whose every request was answered order_failed. */
function failedFor({ attempts }: Wish): string | undefined {
  return attempts.every(({ code }) => code === "order_failed") ? attempts[0]?.orderId : undefined;
}
