/**
 * Money is captured only for a confirmed order. At rest, money that was captured by hand at the bank has gone back, and
 * so has the money of a refunded order (L3).
 */
import { accountsOf, balancesOf } from "./accounts.ts";
import { law } from "./law.ts";
import { isSold } from "./orders.ts";

export const chargedWithoutOrder = law({
  name: "charged without order",
  says: "nothing stays taken for an order that is not confirmed, or for none at all",
  about: "money",
  holds: "always",
  reads: ["statement", "payments", "orders", "atRest"],
  breaches: (evidence) => {
    if (evidence.atRest) {
      return accountsOf(evidence)
        .filter(({ status, kept }) => status !== "CONFIRMED" && kept > 0)
        .map(({ name, kept, status }) => ({
          count: 1,
          shows: `${name} is ${status ?? "nowhere"}, and ${kept} stay taken`,
        }));
    }
    const orders = new Map(evidence.orders.map((order) => [order.orderId, order]));
    return balancesOf(evidence).flatMap(({ paymentId, orderId, kept, byHand }) => {
      const order = orders.get(orderId ?? "");
      if (kept <= 0 || byHand || (order && isSold(order))) return [];
      return [
        {
          count: 1,
          shows: `payment ${paymentId}: ${kept} are taken for an order that is ${order?.status ?? "nowhere"}`,
        },
      ];
    });
  },
});
