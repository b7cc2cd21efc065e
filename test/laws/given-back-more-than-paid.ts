/** No payment gives back more than it captured. */
import { balancesOf } from "./accounts.ts";
import { law } from "./law.ts";

export const givenBackMoreThanPaid = law({
  name: "given back more than paid",
  says: "no payment gives back more than it took",
  about: "money",
  holds: "always",
  reads: ["statement", "payments"],
  breaches: (evidence) =>
    balancesOf(evidence)
      .filter(({ kept }) => kept < 0)
      .map(({ paymentId, kept }) => ({ count: 1, shows: `payment ${paymentId} gave back ${-kept} more than it took` })),
});
