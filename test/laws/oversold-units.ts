/**
 * For every product, at every row of its stream, 0 ≤ sold ≤ committed ≤ brought in; and the kept orders have no more
 * units than were brought in (I1).
 */
import { law, sum } from "./law.ts";
import { stands } from "./orders.ts";

export const oversoldUnits = law({
  name: "oversold units",
  says: "orders that stand have no more units than people brought in, and the books never had fewer than none to sell",
  about: "units",
  holds: "always",
  reads: ["stock", "entries", "stream", "orders"],
  breaches: ({ stock, entries, stream, orders }) =>
    stock.flatMap(({ productId, totalIn, committed, sold }) => {
      const mine = (one: { productId: string }) => one.productId === productId;
      const entered = sum(entries.filter(mine), ({ quantity }) => quantity);
      const standing = sum(
        orders.filter((order) => mine(order) && stands(order)),
        ({ quantity }) => quantity,
      );
      const least = stream.reduce((least, row) => (mine(row) ? Math.min(least, row.availableAfter) : least), 0);
      const over = Math.max(standing - entered, -least, -sold, sold - committed, committed - totalIn);
      if (over <= 0) return [];
      const says = `${entered} were brought in, ${standing} are in orders, ${committed} committed of ${totalIn}, ${sold} sold`;
      return [{ count: over, shows: `${productId}: ${says}, and the books had ${least} to sell` }];
    }),
});
