/** Defines the saga's steps: each is idempotent by order id. */
import { isFinal, isOver, isUndecided, type Orders } from "#orders";
import type { Payment } from "#payment";
import type { FulfilmentSteps, PlacedOrder } from "./saga.ts";

export type StepsOptions = { orders: Orders; payment: Payment; now(): number };

export function createSteps({ orders, payment, now }: StepsOptions): FulfilmentSteps {
  async function readOrder({ orderId }: PlacedOrder) {
    const order = await orders.read(orderId);
    if (!order) throw new Error(`order ${orderId} has a saga but is not in the books`);
    return order;
  }

  const statusOf = async (order: PlacedOrder) => (await readOrder(order)).status;

  return {
    async holdUnits(placed) {
      const order = await readOrder(placed);
      return isOver(order.status) || isUndecided(order) ? "gone" : "held";
    },
    async requestPayment(order) {
      try {
        await payment.open({ ...order, amountMinor: order.totalMinor });
        await orders.requestPayment(order.orderId);
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
      // A workflow engine waits by its machine's clock, which may have been set forward. The step is repeated until the
      // deadline; if the buyer pays meanwhile, the next try confirms the order.
      const early = reason === "payment_timeout" && now() < order.payByMs;
      if (early && (await payment.verdict(order.orderId)) === "open") {
        throw new Error(`order ${order.orderId} may be paid for ${order.payByMs - now()} ms more`);
      }
      // An order gets its end once, so no payment that could change it may be under way:
      // docs/adr/0028-an-end-is-told-once.md.
      const verdict = reason === "payment_timeout" ? await payment.lastCall(order.orderId) : "open";
      if (verdict === "authorized" && (await orders.confirm(order.orderId))) return "already_confirmed";
      const ended =
        verdict === "processing" ? await orders.lapse(order.orderId) : await orders.fail(order.orderId, reason);
      if (ended) return "ended";
      return (await statusOf(order)) === "CONFIRMED" ? "already_confirmed" : "ended";
    },
  };
}
