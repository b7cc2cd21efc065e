/** Describes the request to pay an order, on the wire. */
import { Type } from "typebox";
import { orderIdParam } from "#wire/orders";

export const PayParams = Type.Object({ orderId: orderIdParam });

export const PayAnswer = Type.Object({
  orderId: Type.String(),
  paymentId: Type.String(),
  status: Type.Literal("processing"),
  statusUrl: Type.String(),
  actionUrl: Type.Optional(
    Type.String({ description: "If the bank asks the buyer to confirm: the page to send their browser to" }),
  ),
});
