/** At rest a confirmed order's total is captured, less the refunds that the shop knows of (L3). */
import { accountsOf } from "./accounts.ts";
import { law } from "./law.ts";

export const confirmedAndNotPaid = law({
  name: "confirmed and not paid",
  says: "a confirmed order's total was taken, and not given back",
  about: "money",
  holds: "at rest",
  reads: ["statement", "payments", "orders"],
  breaches: (evidence) =>
    accountsOf(evidence)
      .filter(({ status, kept, should }) => status === "CONFIRMED" && kept < should)
      .map(({ name, kept, should }) => ({ count: 1, shows: `${name}: ${kept} stay taken, and should be ${should}` })),
});
