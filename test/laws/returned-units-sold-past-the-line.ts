/** Once nothing was left of a product whose drop has a list, units that come back are for orders with a pass (the latch). */
import { law } from "./law.ts";

export const returnedUnitsSoldPastTheLine = law({
  name: "returned units sold past the line",
  says: "once nothing was left in a drop with a list, no order without a pass takes units at the gate",
  about: "line",
  holds: "always",
  reads: ["terms", "taken"],
  breaches: ({ terms, taken }) => {
    const firstTerms = new Map<string, number>();
    for (const { productId, hasList, answeredMs } of terms) {
      if (hasList && answeredMs !== undefined && !firstTerms.has(productId)) firstTerms.set(productId, answeredMs);
    }
    const soldOutAtMs = new Map<string, number>();
    return taken.flatMap(({ productId, atMs, left, hasPass, losses }) => {
      // A gate that lost its memory knows the latch by the books, and an order that it lost may never have come there.
      const inThisMemory = `${productId} ${losses}`;
      const latchedAtMs = soldOutAtMs.get(inThisMemory);
      const heldSinceMs = firstTerms.get(productId) ?? Number.POSITIVE_INFINITY;
      if (left <= 0 && atMs > heldSinceMs) soldOutAtMs.set(inThisMemory, latchedAtMs ?? atMs);
      if (latchedAtMs === undefined || hasPass) return [];
      return [
        {
          count: 1,
          shows: `nothing of ${productId} was left at ${latchedAtMs}; an order without a pass took some at ${atMs}`,
        },
      ];
    });
  },
});
