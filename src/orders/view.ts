/** Converts an order row to its form on the wire. */
import type { SeenOrder } from "./look.ts";
import type { OrderView, PaymentView } from "./wire.ts";

export function viewOf(order: SeenOrder, payment?: PaymentView): OrderView {
  return {
    orderId: order.orderId,
    productId: order.productId,
    quantity: order.quantity,
    price: order.unitPriceMinor,
    total: order.totalMinor,
    currency: order.currency,
    status: order.status,
    ...(order.reason !== null && { reason: order.reason }),
    placedAt: order.placedAt.toISOString(),
    payBy: order.payBy.toISOString(),
    timeline: order.timeline,
    ...(payment && { payment }),
  };
}
