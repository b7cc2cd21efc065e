/** What the saga's steps do: each by order id, and as often as it takes without doing anything twice. */
import type { Orders } from "#orders";
import type { Payment } from "#payment";
import type { FulfilmentSteps, PlacedOrder } from "./saga.ts";

export function createSteps({ orders, payment }: { orders: Orders; payment: Payment }): FulfilmentSteps {
  async function readOrder({ orderId }: PlacedOrder) {
    const order = await orders.read(orderId);
    if (!order) throw new Error(`order ${orderId} has a saga but is not in the books`);
    return order;
  }

  const statusOf = async (order: PlacedOrder) => (await readOrder(order)).status;

  return {
    async holdUnits(order) {
      const status = await statusOf(order);
      return status === "FAILED" || status === "CANCELLED" || status === "REFUNDED" ? "gone" : "held";
    },
    async requestPayment(order) {
      await payment.open({ ...order, amountMinor: order.totalMinor });
      await orders.requestPayment(order.orderId);
    },
    async readVerdict(order) {
      const status = await statusOf(order);
      if (status === "CONFIRMED") return "authorized";
      if (status === "FAILED" || status === "CANCELLED" || status === "REFUNDED") return "cancelled";
      return payment.verdict(order.orderId);
    },
    async confirm(order) {
      if (await orders.confirm(order.orderId)) return "confirmed";
      return (await statusOf(order)) === "CONFIRMED" ? "confirmed" : "lost";
    },
    capturePayment: (order) => payment.capture(order.orderId),
    async voidPayment(order) {
      // What ran out of time can still be restored by a payment that is on its way: the look after late ones decides.
      const { status, reason } = await readOrder(order);
      if (status !== "FAILED" || reason !== "payment_timeout") await payment.close(order.orderId);
    },
    async endOrder({ order, reason }) {
      const ended = await orders.fail(order.orderId, reason);
      if (ended) return "ended";
      return (await statusOf(order)) === "CONFIRMED" ? "already_confirmed" : "ended";
    },
  };
}
