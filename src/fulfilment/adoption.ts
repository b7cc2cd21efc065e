/**
 * Adopts payments that the provider has and the books lost: each charge is found its order in the books. Begins only when
 * the log is settled, because the orders of these charges come from there.
 */
import { isFinal, type Orders } from "#orders";
import type { ListedCharge, Payment } from "#payment";

export type AdoptionOptions = { orders: Orders; payment: Payment };

/** What becomes of a charge that the books do not have. */
export type Adopted = {
  charge: ListedCharge;
  /** `unknown`: neither books nor log have its order, and no money is moved. */
  becomes: "paid" | "given_back" | "unknown";
};

/** The clock of the provider and that of the database may differ by so much. Looking back further changes nothing. */
const clocksDifferByMs = 60_000;

/** More are adopted in further calls. Further charges without an order are not listed, and keep none from being adopted. */
const mostAtOnce = 5_000;

/** Without `apply` nothing is changed. @throws NotSettled if settlement does not reach the end of the log. */
export async function adoptPayments(
  { orders, payment }: AdoptionOptions,
  lastCommitMs: number,
  apply: boolean,
): Promise<Adopted[]> {
  const sinceMs = lastCommitMs - clocksDifferByMs;
  await orders.settlement.drained();
  if (apply) await payment.adoption.refresh(sinceMs);
  const found: Adopted[] = [];
  let unknown = 0;
  for await (const charges of payment.adoption.strange(sinceMs)) {
    const booked = await orders.booked(charges.map(({ orderId }) => orderId));
    const orderOf = new Map(booked.map((order) => [order.orderId, order]));
    for (const charge of charges) {
      const order = orderOf.get(charge.orderId.toLowerCase());
      if (!order) {
        if (unknown === mostAtOnce) continue;
        unknown += 1;
        found.push({ charge, becomes: "unknown" });
        continue;
      }
      const { orderId, userId, totalMinor: amountMinor, currency, payBy, status } = order;
      const isOver = isFinal(status) && status !== "CONFIRMED";
      const toPay = { orderId, userId, amountMinor, currency, payByMs: payBy.getTime(), isOver };
      if (apply) await payment.adoption.adopt(toPay, charge);
      found.push({ charge, becomes: isOver ? "given_back" : "paid" });
    }
    if (found.length - unknown >= mostAtOnce) break;
  }
  return found;
}
