/** A claim holds its units for a kept order, or it has ended (I8); at rest each end is counted. */
import { law, refOf } from "./law.ts";
import { endsOf, stands } from "./orders.ts";

export const leakedHolds = law({
  name: "leaked holds",
  says: "what is held is held for an order that stands by its reservation; at rest every end of a claim is counted",
  about: "units",
  holds: "always",
  reads: ["decisions", "outcomes", "queued", "orders", "atRest"],
  breaches: ({ decisions, outcomes, queued, orders, atRest }) => {
    const ends = endsOf({ outcomes, queued });
    const wanted = new Set(orders.filter(stands).map(refOf));
    const leaked = decisions
      .filter((one) => one.fate === "claimed" && ends.get(refOf(one)) !== "released" && !wanted.has(refOf(one)))
      .map((one) => ({ count: one.quantity, shows: `${refOf(one)} is held, and no order stands by it` }));
    const isUncounted = atRest && queued.length > 0;
    return isUncounted
      ? [...leaked, { count: queued.length, shows: `${queued.length} outcomes were never counted` }]
      : leaked;
  },
});
