/** Lets an operator settle an order whose saga stands, or end it, in any process. */
import { isUndecided, type SeenOrder } from "#orders";
import { fulfilOrders } from "./batch-saga.ts";
import { type BatchStepsOptions, createBatchSteps } from "./batch-steps.ts";
import { createLate } from "./late.ts";

export type EndRefusal = "payment_undecided" | "order_paid" | "order_ended";

export type ByHand = ReturnType<typeof createByHand>;

export function createByHand(options: BatchStepsOptions) {
  const { orders, payment } = options;
  const steps = createBatchSteps(options);
  const settle = (orderIds: readonly string[]) => fulfilOrders({ run: null, orderIds }, steps);
  const late = createLate({ ...options, settle, beginRun() {} });

  return {
    /**
     * Does now for this order what the scans do in their next turns. Every step reads the books first, so it may run beside a run.
     * @throws what keeps the order from its end.
     */
    async retry(order: SeenOrder): Promise<void> {
      await payment.sweepOrder(order.orderId);
      if (isUndecided(order)) await late.settleOne(order);
      else await settle([order.orderId]);
    },

    /**
     * Ends an open order that is not paid. An order gets its end once, so one whose payment may still be granted is
     * refused: docs/adr/0028-an-end-is-told-once.md. No attempt to pay begins from here on.
     */
    async end(orderId: string, reason: string): Promise<{ ok: true } | { ok: false; reason: EndRefusal }> {
      const payBy = (await orders.read(orderId))?.payBy;
      if (!payBy) return { ok: false, reason: "order_ended" };
      const verdict = await payment.lastCall(orderId, payBy.getTime());
      if (verdict === "processing") return { ok: false, reason: "payment_undecided" };
      if (verdict === "authorized") return { ok: false, reason: "order_paid" };
      const ended = (await orders.fail(orderId, reason, payBy)) ?? (await orders.failUndecided(orderId, reason));
      if (!ended) {
        // Its buyer extended it in this moment, which took the last call back. An order is extended once.
        const isExtended = (await orders.read(orderId))?.payBy.getTime() !== payBy.getTime();
        return isExtended ? this.end(orderId, reason) : { ok: false, reason: "order_ended" };
      }
      await payment.close(orderId);
      return { ok: true };
    },
  };
}
