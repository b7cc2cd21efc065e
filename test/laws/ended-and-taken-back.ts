/** An order that has ended does not change; only the money of a confirmed one may go back (I11). */
import { mayFollow } from "../../src/orders/may-follow.testing.ts";
import { isFinal, type Status } from "../../src/orders/state.ts";
import { law } from "./law.ts";
import { isRefused } from "./orders.ts";

export const endedAndTakenBack = law({
  name: "ended and taken back",
  says: "an order that was seen to have ended stays so; only the money of a confirmed one may go back",
  about: "orders",
  holds: "always",
  reads: ["orders", "history"],
  breaches: ({ orders, history }) => {
    const rows = new Map(orders.map((order) => [order.orderId, order]));
    return history.flatMap((seen) => {
      const now = rows.get(seen.orderId);
      // Refused before it was kept: its buyer may order again under the same key, which makes the same id.
      if (!now || !isFinal(seen.status as Status) || isRefused(seen)) return [];
      if (mayFollow(seen.status as Status, now.status as Status)) return [];
      return [{ count: 1, shows: `order ${seen.orderId} was seen as ${seen.status}, and is ${now.status}` }];
    });
  },
});
