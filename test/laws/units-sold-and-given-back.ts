/** A claim ends once: sold if its order is or was CONFIRMED, released if the order ended otherwise (I8). */
import { law, refOf } from "./law.ts";
import { endsOf, isOpen, isSold } from "./orders.ts";

export const unitsSoldAndGivenBack = law({
  name: "units sold and given back",
  says: "a confirmed order has its units, counted as sold, also once it is refunded; an open one holds them; the units of no other order are sold",
  about: "units",
  holds: "always",
  reads: ["orders", "decisions", "outcomes", "queued"],
  breaches: ({ orders, decisions, outcomes, queued }) => {
    const claimed = new Set(decisions.filter(({ fate }) => fate === "claimed").map(refOf));
    const ends = endsOf({ outcomes, queued });
    const sold = new Set(orders.filter(isSold).map(refOf));
    const wrong = orders.flatMap((order) => {
      const { orderId, quantity, status } = order;
      const isHeld = claimed.has(refOf(order));
      const how = ends.get(refOf(order));
      const units = how ?? (isHeld ? "held" : "nowhere");
      const isRight = isSold(order) ? isHeld && how === "sold" : isOpen(order) ? isHeld && !how : how !== "sold";
      return isRight ? [] : [{ count: quantity, shows: `order ${orderId} is ${status}, and its units are ${units}` }];
    });
    // A sale by the reservation of an order that is not confirmed is reported above.
    const known = new Set(orders.map(refOf));
    const ownerless = [...queued, ...outcomes].filter(
      (one) => one.outcome === "sold" && !sold.has(refOf(one)) && !known.has(refOf(one)),
    );
    return [
      ...wrong,
      ...ownerless.map((one) => ({ count: one.quantity, shows: `${refOf(one)} is sold, and no order is made of it` })),
    ];
  },
});
