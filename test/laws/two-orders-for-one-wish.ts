/** One key makes one order, and no buyer has an order that they did not ask for. */
import { law } from "./law.ts";
import { customerOf } from "./orders.ts";

export const twoOrdersForOneWish = law({
  name: "two orders for one wish",
  says: "one key makes one order, and no buyer has an order that they did not ask for",
  about: "orders",
  holds: "always",
  reads: ["wishes", "orders"],
  breaches: ({ wishes, orders }) => {
    const asked = new Map<string, number>();
    for (const { user, productId, key, attempts } of wishes) {
      const customer = customerOf({ productId, userId: user });
      // Without a key a client without an answer orders again, so each attempt is a wish.
      asked.set(customer, (asked.get(customer) ?? 0) + (key === undefined ? attempts.length : 1));
    }
    return [...Map.groupBy(orders, customerOf)].flatMap(([customer, { length: has }]) => {
      const may = asked.get(customer) ?? 0;
      return has > may ? [{ count: has - may, shows: `${customer}: asked for ${may}, has ${has}` }] : [];
    });
  },
});
