/** Defines the steps of runs that earlier versions began: each is idempotent by order id. */
import { isFinal, isOver, isUndecided, type Orders } from "#orders";
import type { Payment } from "#payment";
import { isOpen } from "./batch-steps.ts";
import type { FulfilmentSteps, PlacedOrder } from "./earlier-saga.ts";

export type StepsOptions = { orders: Orders; payment: Payment; now(): number };

export function createSteps({ orders, payment, now }: StepsOptions): FulfilmentSteps {
  async function readOrder({ orderId }: PlacedOrder) {
    const order = await orders.read(orderId);
    if (!order) throw new Error(`order ${orderId} has a saga but is not in the books`);
    return order;
  }

  const statusOf = async (order: PlacedOrder) => (await readOrder(order)).status;

  /** Compares the deadline with the one that was read, because its buyer may extend the order at any moment before it. */
  async function endUnpaid(orderId: string, dueAt: Date): Promise<void> {
    // A workflow engine waits by its machine's clock, which may have been set forward. The step is repeated until the
    // deadline; if the buyer pays meanwhile, the next try confirms the order.
    const early = now() < dueAt.getTime();
    if (early && (await payment.verdict(orderId)) !== "authorized") throw new Error(stillPayable(orderId, dueAt));
    // An order gets its end once, so no payment that could change it may be under way:
    // docs/adr/0028-an-end-is-told-once.md.
    const verdict = await payment.lastCall(orderId, dueAt.getTime());
    if (verdict === "authorized" && (await orders.confirm(orderId))) return;
    if (verdict === "processing") await orders.lapse(orderId, dueAt);
    else await orders.fail(orderId, "payment_timeout", dueAt);
  }

  function stillPayable(orderId: string, dueAt: Date): string {
    return `order ${orderId} may be paid for ${dueAt.getTime() - now()} ms more`;
  }

  return {
    async holdUnits(placed) {
      const order = await readOrder(placed);
      return isOver(order.status) || isUndecided(order) ? "gone" : "held";
    },
    async requestPayment(order) {
      try {
        await payment.open({ ...order, amountMinor: order.totalMinor });
      } catch (error) {
        // The step is repeated until it succeeds, but for an order that has ended meanwhile there is nothing to open.
        if (!isFinal(await statusOf(order))) throw error;
      }
    },
    async readVerdict(placed) {
      const order = await readOrder(placed);
      if (order.status === "CONFIRMED") return "authorized";
      if (isOver(order.status) || isUndecided(order)) return "cancelled";
      return payment.verdict(order.orderId);
    },
    async readDeadline(order) {
      return (await readOrder(order)).payBy.getTime();
    },
    async confirm(order) {
      if (await orders.confirm(order.orderId)) return "confirmed";
      return (await statusOf(order)) === "CONFIRMED" ? "confirmed" : "lost";
    },
    capturePayment: (order) => payment.capture(order.orderId),
    async voidPayment(placed) {
      const order = await readOrder(placed);
      // A payment that is still being decided may confirm it: late.ts ends it, and closes the payment then.
      if (!isUndecided(order)) await payment.close(order.orderId);
    },
    async endOrder({ order, reason }) {
      const { orderId } = order;
      const before = await readOrder(order);
      if (isOpen(before) && reason === "payment_timeout") await endUnpaid(orderId, before.payBy);
      else if (isOpen(before)) await orders.fail(orderId, reason);
      const after = await readOrder(order);
      // Extended in this moment. The step is repeated until the later deadline.
      if (isOpen(after)) throw new Error(stillPayable(orderId, after.payBy));
      return after.status === "CONFIRMED" ? "already_confirmed" : "ended";
    },
  };
}
