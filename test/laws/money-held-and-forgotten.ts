/** At rest every amount that was held on a card was captured or released (L3). */
import { balancesOf } from "./accounts.ts";
import { law } from "./law.ts";

export const moneyHeldAndForgotten = law({
  name: "money held and forgotten",
  says: "every amount that was held on a card was taken or given up",
  about: "money",
  holds: "at rest",
  reads: ["statement", "payments"],
  breaches: (evidence) =>
    balancesOf(evidence)
      .filter(({ held }) => held !== 0)
      .map(({ paymentId, orderId, held }) => {
        const whose = orderId === undefined ? "of no order" : `of order ${orderId}`;
        return { count: 1, shows: `payment ${paymentId} ${whose} has ${held} held` };
      }),
});
