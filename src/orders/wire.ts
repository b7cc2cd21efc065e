/** Describes orders on the wire. */
import { type Static, Type } from "typebox";
import { line } from "#platform/wire";

export const statuses = [
  "PENDING",
  "INVENTORY_RESERVED",
  "PAYMENT_PENDING",
  "CONFIRMED",
  "FAILED",
  "CANCELLED",
  "REFUNDED",
] as const;
export type Status = (typeof statuses)[number];

const moment = Type.String({ format: "date-time" });
const OrderStatus = Type.Enum([...statuses]);

/** The example is not a real order: an order's own id comes with its 202. */
export const orderIdParam = Type.String({
  description: "From the answer to POST /orders",
  examples: ["9f86d081-884c-8d65-9a2f-eaa0c55ad015"],
});

const TimelineEntry = Type.Object({
  status: Type.String({ description: "A status, or what happened in between, such as PAYMENT_DECLINED" }),
  at: moment,
  reason: Type.Optional(Type.String()),
});

/** The latest attempt to pay, from the payment module. */
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
    status: OrderStatus,
    reason: Type.Optional(
      Type.String({
        description:
          "Why it ended, unless it ended as CONFIRMED; payment_undecided while its end waits for the provider",
      }),
    ),
    placedAt: moment,
    payBy: moment,
    timeline: Type.Array(TimelineEntry),
    payment: Type.Optional(Type.Unsafe<PaymentView>(Type.Ref("OrderPayment"))),
  },
  { $id: "Order" },
);
export type OrderView = Static<typeof OrderView>;

export const PlacedView = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    status: OrderStatus,
    total: Type.Integer({ description: "In minor units of the currency" }),
    currency: Type.String({ description: "ISO 4217" }),
    payBy: moment,
    statusUrl: Type.String(),
    eventsUrl: Type.String(),
  },
  { $id: "PlacedOrder" },
);

const maxQuantity = 1_000;

export const PlaceBody = Type.Object(
  {
    productId: Type.String({ maxLength: 64, pattern: line, examples: ["test-product-123"] }),
    quantity: Type.Integer({ minimum: 1, maximum: maxQuantity, examples: [1] }),
    expectedTotal: Type.Optional(
      Type.Integer({ minimum: 0, description: "What you expect to pay, in minor units; refused if it is not" }),
    ),
  },
  { additionalProperties: false, examples: [{ productId: "test-product-123", quantity: 1 }] },
);

export const PlaceHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: "^[\\x21-\\x7e]+$",
      description: "A retry under the same key gets one order",
    }),
  ),
});

export const OrderParams = Type.Object({ orderId: orderIdParam });

export const ListQuery = Type.Object(
  { cursor: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) },
  { additionalProperties: false },
);

export const ListAnswer = Type.Object({
  orders: Type.Array(Type.Ref("Order")),
  nextCursor: Type.Optional(Type.String()),
});

export const SearchQuery = Type.Object(
  {
    status: Type.Optional(OrderStatus),
    productId: Type.Optional(Type.String({ maxLength: 64, pattern: line })),
    q: Type.Optional(
      Type.String({ maxLength: 255, pattern: line, description: "The id of an order or of a buyer, whole" }),
    ),
    from: Type.Optional(Type.String({ format: "date-time", description: "Placed at this moment or later" })),
    to: Type.Optional(Type.String({ format: "date-time", description: "Placed before this moment" })),
    cursor: Type.Optional(Type.String({ description: "`nextCursor` of the page before" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  },
  { additionalProperties: false },
);

export const SearchAnswer = Type.Object({
  items: Type.Array(Type.Ref("Order")),
  nextCursor: Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" }),
});

export const RefundBody = Type.Object(
  {
    reason: Type.String({ maxLength: 200, pattern: line, description: "Shown to its buyer" }),
    restock: Type.Optional(
      Type.Boolean({ default: false, description: "Whether the units come back into stock and on sale" }),
    ),
  },
  { additionalProperties: false, examples: [{ reason: "came back broken", restock: true }] },
);
