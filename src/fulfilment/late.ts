/**
 * Looks after money whose saga did not come, and after orders past their time whose payment the provider was deciding:
 * these are told no end until it has decided. docs/adr/0018-late-payments.md, 0028-an-end-is-told-once.md.
 */
import { isFinal, isUndecided, type Orders, type SeenOrder } from "#orders";
import type { Granted, Payment } from "#payment";
import { each, inPages, pageSize } from "./sweep.ts";

export type LateOptions = {
  orders: Orders;
  payment: Payment;
  now(): number;
  /** Confirms an open order whose payment is granted, beside its run or without one. */
  confirmPaid(order: SeenOrder): Promise<void>;
};

/** How long a granted payment may wait for its saga before its order is confirmed without it, milliseconds. */
const waitForSagaMs = 2_000;
/** How long a payment that came late waits for a gate that cannot answer, milliseconds. */
const restoreWithinMs = 10 * 60_000;
/** How long past its time an order waits for a provider that does not decide, milliseconds. What comes later goes back. */
const undecidedWithinMs = 60 * 60_000;
const undecidedAtOnce = 1_000;

/** Answers whether more granted payments wait. */
export function createLate({ orders, payment, now, confirmPaid }: LateOptions): () => Promise<boolean> {
  const nextGranted = inPages((after?: Granted) => payment.grantedSince(now() - waitForSagaMs, after, pageSize));
  async function settleGranted(granted: readonly Granted[]): Promise<void> {
    await each(granted, async ({ orderId, grantedAtMs }) => {
      const order = await orders.read(orderId);
      if (!order) return;
      if (isUndecided(order)) await settleLate(orderId, grantedAtMs);
      else if (order.status === "CONFIRMED") await payment.capture(orderId);
      else if (isFinal(order.status)) await payment.close(orderId);
      else await confirmPaid(order);
    });
  }

  async function settleUndecided(): Promise<void> {
    const undecided = await orders.undecided(undecidedAtOnce);
    if (undecided.length === 0) return;
    const verdicts = await payment.verdicts(undecided.map(({ orderId }) => orderId));
    await each(undecided, async ({ orderId, payBy }) => {
      const verdict = verdicts.get(orderId);
      // What was granted is looked into by the time of its grant.
      if (verdict === "authorized") return;
      if (verdict === undefined || now() > payBy.getTime() + undecidedWithinMs) await endUnpaid(orderId);
    });
  }

  /** Paid after its time: confirmed if there are units, else given back. The buyer's money does not wait for ever. */
  async function settleLate(orderId: string, grantedAtMs: number): Promise<void> {
    const answer = await orders.restore(orderId);
    if (answer === "restored") await payment.capture(orderId);
    else if (answer === "impossible" || now() > grantedAtMs + restoreWithinMs) await endUnpaid(orderId);
  }

  /** Ended first and closed second, as everywhere: what is granted in between finds an order that nothing confirms. */
  async function endUnpaid(orderId: string): Promise<void> {
    await orders.failUndecided(orderId, "payment_timeout");
    const order = await orders.read(orderId);
    if (order?.status === "CONFIRMED") await payment.capture(orderId);
    else await payment.close(orderId);
  }

  return async () => {
    const granted = await nextGranted();
    await settleGranted(granted);
    await settleUndecided();
    return granted.length === pageSize;
  };
}
