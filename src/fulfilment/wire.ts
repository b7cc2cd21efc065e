/** Describes the requests to pay an order and to adopt payments, on the wire. */
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

export const AdoptBody = Type.Object(
  {
    since: Type.String({
      format: "date-time",
      description: "The last commit that the restored database has, or an earlier moment",
      examples: ["2026-11-27T08:00:00Z"],
    }),
    apply: Type.Optional(Type.Boolean({ description: "Adopt them; otherwise they are only listed" })),
  },
  { additionalProperties: false, examples: [{ since: "2026-11-27T08:00:00Z" }] },
);

export const AdoptedCharge = Type.Object({
  orderId: Type.String(),
  paymentId: Type.String(),
  providerRef: Type.String(),
  status: Type.String({ description: "Of the charge at the provider" }),
  amount: Type.Integer({ description: "In minor units of its currency" }),
  currency: Type.String(),
  at: Type.String({ format: "date-time" }),
  becomes: Type.Enum(["paid", "given_back", "unknown"], {
    description: "unknown: neither books nor log have its order, and no money is moved",
  }),
});
