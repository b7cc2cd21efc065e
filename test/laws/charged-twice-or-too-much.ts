/** A payment is taken once, an order is paid by one payment, and at rest nothing above its total stays taken (L3). */
import { accountsOf, balancesOf } from "./accounts.ts";
import { law } from "./law.ts";

export const chargedTwiceOrTooMuch = law({
  name: "charged twice or too much",
  says: "a confirmed order is charged once, and not more than its total",
  about: "money",
  holds: "always",
  reads: ["statement", "payments", "orders", "atRest"],
  breaches: (evidence) => {
    const balances = balancesOf(evidence);
    const twice = balances
      .filter(({ captures }) => captures > 1)
      .map(({ paymentId, captures }) => ({ count: 1, shows: `payment ${paymentId} was taken ${captures} times` }));
    const paying = balances.filter(({ orderId, kept, byHand }) => orderId !== undefined && kept > 0 && !byHand);
    const byTwo = [...Map.groupBy(paying, ({ orderId }) => orderId)]
      .filter(([, payments]) => payments.length > 1)
      .map(([orderId, payments]) => ({ count: 1, shows: `order ${orderId} was paid by ${payments.length} payments` }));
    if (twice.length + byTwo.length > 0 || !evidence.atRest) return [...twice, ...byTwo];
    return accountsOf(evidence)
      .filter(({ status, kept, should }) => status === "CONFIRMED" && kept > should)
      .map(({ name, kept, should }) => ({ count: 1, shows: `${name}: ${kept} stay taken, and should be ${should}` }));
  },
});
