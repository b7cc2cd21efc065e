/** Money: taken only for orders that stand, once, and given back where they do not (L3). */
import type { Movement } from "../bank.ts";
import type { World } from "../world.ts";
import { onlooker } from "./units.ts";

const directions = { authorized: 0, captured: 1, voided: 0, refunded: -1, charged_back: -1 } as const;

/** What is taken of each payment, and who took it. */
function takenOf(movements: readonly Movement[]) {
  const taken = new Map<string, { amountMinor: number; times: number; byHand: boolean }>();
  for (const { paymentId, kind, amountMinor, byHand } of movements) {
    const so = taken.get(paymentId) ?? { amountMinor: 0, times: 0, byHand: false };
    so.amountMinor += directions[kind] * amountMinor;
    if (kind === "captured") so.times += 1;
    so.byHand ||= byHand && kind === "captured";
    taken.set(paymentId, so);
  }
  return taken;
}

export function brokenMoney({ books, bank }: World): string | undefined {
  const { orders, payment } = books.tables;
  const paidFor = new Map<string, number>();
  for (const [paymentId, { amountMinor, times, byHand }] of takenOf(bank.movements)) {
    if (times > 1) return `a payment was taken ${times} times`;
    if (amountMinor < 0) return "S10: more went back than was paid";
    // What was taken by hand at the bank goes back when the shop hears of it.
    if (amountMinor === 0 || byHand) continue;
    const orderId = payment.get(onlooker, paymentId)?.orderId;
    const order = orderId === undefined ? undefined : orders.get(onlooker, orderId);
    // A refund is decided first, and then asked for.
    if (order?.status !== "CONFIRMED" && order?.status !== "REFUNDED") {
      return `money was taken for an order that is ${order?.status ?? "nowhere"}`;
    }
    const payments = (paidFor.get(order.orderId) ?? 0) + 1;
    if (payments > 1) return "an order was paid for twice";
    paidFor.set(order.orderId, payments);
  }
  return undefined;
}

export function unsettledMoney({ books, bank }: World): string | undefined {
  if (bank.undelivered > 0) return `${bank.undelivered} webhooks are not delivered`;
  const { orders, payment, news } = books.tables;
  for (const charge of bank.charges.values()) {
    const order = orders.get(onlooker, payment.get(onlooker, charge.paymentId)?.orderId ?? "");
    if (charge.status === "processing") return "the bank decides still";
    if (charge.status === "authorized") return `L3: money is held for an order that is ${order?.status}`;
  }
  for (const { state } of payment.all(onlooker)) {
    if (state === "requested" || state === "capturing" || state === "voiding" || state === "refunding")
      return `a payment is ${state}`;
  }
  if (news.all(onlooker).some(({ toldAt }) => toldAt === null)) return "an order was not told news of its money";
  const kept = new Map<string, number>();
  const givenBack = new Map<string, number>();
  for (const [paymentId, { amountMinor }] of takenOf(bank.movements)) {
    const row = payment.get(onlooker, paymentId);
    if (!row) continue;
    kept.set(row.orderId, (kept.get(row.orderId) ?? 0) + amountMinor);
    if (row.state === "captured") givenBack.set(row.orderId, row.givenBackMinor);
  }
  // L3: what was taken less what went back is what the order's state says.
  for (const { orderId, status, unitPriceMinor, quantity } of orders.all(onlooker)) {
    const should = status === "CONFIRMED" ? unitPriceMinor * quantity - (givenBack.get(orderId) ?? 0) : 0;
    const has = kept.get(orderId) ?? 0;
    if (has !== should) return `L3: ${has} stay taken for an order that is ${status}, and should be ${should}`;
  }
  return undefined;
}
