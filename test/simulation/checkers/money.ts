/** Money: taken only for orders that stand, once, and given back where they do not (L3). */
import type { World } from "../world.ts";
import { onlooker } from "./units.ts";

export function brokenMoney({ books, bank }: World): string | undefined {
  const { orders, payment } = books.tables;
  const taken = new Map<string, number>();
  for (const { paymentId, kind } of bank.movements) {
    if (kind === "captured") taken.set(paymentId, (taken.get(paymentId) ?? 0) + 1);
    if (kind === "refunded") taken.set(paymentId, (taken.get(paymentId) ?? 0) - 1);
  }
  const paidFor = new Map<string, number>();
  for (const [paymentId, times] of taken) {
    const orderId = payment.get(onlooker, paymentId)?.orderId;
    if (times > 1) return `a payment was taken ${times} times`;
    if (times === 0) continue;
    const order = orderId === undefined ? undefined : orders.get(onlooker, orderId);
    if (order?.status !== "CONFIRMED") return `money was taken for an order that is ${order?.status ?? "nowhere"}`;
    const payments = (paidFor.get(order.orderId) ?? 0) + 1;
    if (payments > 1) return "an order was paid for twice";
    paidFor.set(order.orderId, payments);
  }
  return undefined;
}

export function unsettledMoney({ books, bank }: World): string | undefined {
  if (bank.undelivered > 0) return `${bank.undelivered} webhooks are not delivered`;
  const { orders, payment } = books.tables;
  const captured = new Map<string, number>();
  for (const charge of bank.charges.values()) {
    const order = orders.get(onlooker, payment.get(onlooker, charge.paymentId)?.orderId ?? "");
    if (charge.status === "processing") return "the bank decides still";
    if (charge.status === "authorized") return `L3: money is held for an order that is ${order?.status}`;
    if (charge.status === "captured" && order) captured.set(order.orderId, charge.amountMinor);
  }
  for (const order of orders.all(onlooker)) {
    const amountMinor = captured.get(order.orderId);
    const should = order.status === "CONFIRMED" ? order.unitPriceMinor * order.quantity : undefined;
    if (amountMinor !== should) return `L3: ${amountMinor ?? 0} were taken for an order that is ${order.status}`;
  }
  for (const { state } of payment.all(onlooker)) {
    if (state === "requested" || state === "capturing" || state === "voiding" || state === "refunding")
      return `a payment is ${state}`;
  }
  return undefined;
}
