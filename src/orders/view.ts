/** An order on the wire. */
import { type Static, Type } from "typebox";
import type { SeenOrder } from "./look.ts";
import { statuses } from "./state.ts";

const moment = Type.String({ format: "date-time" });
const Status = Type.Enum([...statuses]);

/** The example is of no order: an order's own id comes with its 202. */
export const orderIdParam = Type.String({
  description: "From the answer to POST /orders",
  examples: ["9f86d081-884c-8d65-9a2f-eaa0c55ad015"],
});

export const TimelineSchema = Type.Object({
  status: Type.String({ description: "A status, or what happened in between, such as PAYMENT_DECLINED" }),
  at: moment,
  reason: Type.Optional(Type.String()),
});

/** What the payment module says of the latest attempt to pay. */
export const PaymentView = Type.Object(
  {
    status: Type.String(),
    retryable: Type.Boolean(),
    declineReason: Type.Optional(Type.String()),
    givenBackMinor: Type.Optional(
      Type.Integer({ description: "Given back in parts so far, in minor units of the currency" }),
    ),
  },
  { $id: "OrderPayment" },
);
export type PaymentView = Static<typeof PaymentView>;

export const OrderView = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    userId: Type.Optional(Type.String({ description: "Whose it is, in an ADMIN's list" })),
    productId: Type.String(),
    quantity: Type.Integer(),
    price: Type.Integer({ description: "Of one unit, in minor units of the currency" }),
    total: Type.Integer({ description: "In minor units of the currency" }),
    currency: Type.String({ description: "ISO 4217" }),
    status: Status,
    reason: Type.Optional(
      Type.String({
        description:
          "Why it ended, where it did not end as CONFIRMED; payment_undecided while its end waits for the provider",
      }),
    ),
    placedAt: moment,
    payBy: moment,
    timeline: Type.Array(TimelineSchema),
    payment: Type.Optional(Type.Unsafe<PaymentView>(Type.Ref("OrderPayment"))),
  },
  { $id: "Order" },
);
export type OrderView = Static<typeof OrderView>;

export const PlacedView = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    status: Status,
    total: Type.Integer({ description: "In minor units of the currency" }),
    currency: Type.String({ description: "ISO 4217" }),
    payBy: moment,
    statusUrl: Type.String(),
    eventsUrl: Type.String(),
  },
  { $id: "PlacedOrder" },
);

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
