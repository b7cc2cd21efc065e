/** A customer never holds more units of a product than the limit that was checked when they were claimed (I10). */
import { law, refOf } from "./law.ts";
import { customerOf } from "./orders.ts";

export const unitsAboveACustomersLimit = law({
  name: "units above a customer's limit",
  says: "no customer held more than the limit after any change of the books",
  about: "units",
  holds: "always",
  reads: ["limits", "decisions", "outcomes"],
  breaches: ({ limits, decisions, outcomes }) => {
    const claims = decisions.filter((one) => one.fate === "claimed" && limits.has(one.productId));
    if (claims.length === 0) return [];
    const releases = new Map(outcomes.filter(({ outcome }) => outcome === "released").map((one) => [refOf(one), one]));
    return [...Map.groupBy(claims, customerOf)].flatMap(([customer, held]) => {
      const limit = limits.get(held[0]?.productId ?? "") ?? Number.POSITIVE_INFINITY;
      const changes = held.flatMap((claim) => {
        const back = releases.get(refOf(claim));
        const taken = { seq: claim.seq ?? 0, units: claim.quantity };
        return back ? [taken, { seq: back.seq ?? 0, units: -claim.quantity }] : [taken];
      });
      // Within one row what comes back is counted first: a row is one moment.
      const inOrder = changes.toSorted((a, b) => a.seq - b.seq || a.units - b.units);
      let has = 0;
      const most = Math.max(...inOrder.map(({ units }) => (has += units)));
      return most > limit ? [{ count: most - limit, shows: `${customer}: held ${most} of at most ${limit}` }] : [];
    });
  },
});
