/**
 * At rest the gate is open, sells the available units of the books, and nothing is in flight (L1). While the shop is at
 * work no reconciliation finds a drift, and neither does the gate itself (I3).
 */
import { type Breach, law } from "./law.ts";

export const unitsThatGateAndBooksDisagreeAbout = law({
  name: "units that gate and books disagree about",
  says: "at rest the gate has what the books have, and nothing under way; no reconciliation on the way saw a drift",
  about: "units",
  holds: "always",
  reads: ["stock", "gate", "samples", "atRest"],
  breaches: ({ stock, gate, samples, atRest }) => {
    const drifts = samples
      .filter(({ status, drift }) => status === "CRITICAL" || drift !== 0)
      .map((one): Breach => ({ count: Math.max(1, Math.abs(one.drift)), shows: JSON.stringify(one) }));
    if (!atRest) return drifts;
    const differences = stock.flatMap(({ productId, totalIn, committed, seq }): Breach[] => {
      const available = Math.max(0, totalIn - committed);
      const has = gate.find((one) => one.productId === productId);
      if (!has?.isOpen)
        return [
          { count: Math.max(1, available), shows: `${productId}: closed at the gate, ${available} in the books` },
        ];
      const { sellable, pending, records = [], applied = seq } = has;
      const count = Math.abs(sellable - available) + pending + records.length + Math.abs(seq - applied);
      const says = `${sellable} to sell, ${pending} in flight, ${records.length} records, row ${applied} at the gate`;
      return count === 0
        ? []
        : [{ count, shows: `${productId}: ${says}; ${available} to sell, row ${seq} in the books` }];
    });
    return [...drifts, ...differences];
  },
});
