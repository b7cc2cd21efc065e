/**
 * Does what the saga does at its deadline, for an order whose saga did not do it: for the scan of overdue orders, and
 * for an operator.
 */
import type { Orders, SeenOrder } from "#orders";
import type { Payment } from "#payment";
import { type FulfilmentSteps, fulfil, type PlacedOrder } from "./saga.ts";
import { createSteps } from "./steps.ts";

export type OverdueOptions = {
  orders: Orders;
  payment: Payment;
  /** How much longer units are held for a payment that the provider is still deciding, milliseconds. */
  paymentGraceMs: number;
  now(): number;
};

/** Time for the saga before another one ends an order in its place, milliseconds after the deadline. */
export const graceMs = 3_000;

export function createOverdue({ orders, payment, paymentGraceMs, now }: OverdueOptions) {
  const steps = createSteps({ orders, payment, now });
  // After the deadline no payment is possible, so none is opened.
  const stepsPastDeadline: FulfilmentSteps = { ...steps, async requestPayment() {} };

  function placedOf(order: SeenOrder) {
    const { orderId, productId, userId, quantity, totalMinor, currency, payBy } = order;
    const payByMs = payBy.getTime();
    const heldUntilMs = payByMs + paymentGraceMs;
    const placed = { orderId, productId, userId, quantity, totalMinor, currency, payByMs, heldUntilMs };
    return { ...placed, ...(order.extensionSeconds > 0 && { extendable: true as const }) } satisfies PlacedOrder;
  }

  return {
    steps,
    placedOf,

    /** Confirms or ends an order past its deadline; leaves it while the provider may still decide in time. */
    async settle(order: SeenOrder): Promise<void> {
      const placed = placedOf(order);
      const isHeldOn = now() < placed.heldUntilMs + graceMs && (await payment.verdict(order.orderId)) === "processing";
      if (!isHeldOn) await fulfil(placed, stepsPastDeadline, async () => "deadline");
    },
  };
}
