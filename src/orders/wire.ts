/** Describes orders on the wire. */
import { type Static, Type } from "typebox";
import { line, storable, word } from "#platform/wire";

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
  payBy: Type.Optional(Type.String({ format: "date-time", description: "The later deadline, in PAYMENT_EXTENDED" })),
  givenBackMinor: Type.Optional(Type.Integer({ description: "In all by then, in PAYMENT_PARTLY_REFUNDED" })),
});

/** The latest attempt to pay, from the payment module. */
export const PaymentView = Type.Object(
  {
    status: Type.String(),
    isOnItsWay: Type.Optional(Type.Boolean({ description: "The provider has not answered yet that it is back" })),
    retryable: Type.Boolean(),
    declineReason: Type.Optional(Type.String()),
    givenBackMinor: Type.Optional(Type.Integer({ description: "Given back in parts so far, in minor units" })),
  },
  { $id: "OrderPayment" },
);
export type PaymentView = Static<typeof PaymentView>;

export const OrderView = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    code: Type.String({ description: "To be read out: 8 characters, made from the end of the id" }),
    email: Type.Optional(Type.String({ description: "Of the buyer's account, if they have one, for an ADMIN" })),
    userId: Type.Optional(Type.String({ description: "Whose it is, for an ADMIN" })),
    productId: Type.String(),
    quantity: Type.Integer(),
    price: Type.Integer({ description: "Of one unit, in minor units of the currency" }),
    total: Type.Integer({ description: "In minor units of the currency" }),
    currency: Type.String({ description: "ISO 4217" }),
    status: OrderStatus,
    reason: Type.Optional(
      Type.String({ description: "Why it ended, unless CONFIRMED; payment_undecided while the provider decides" }),
    ),
    placedAt: moment,
    payBy: moment,
    extendable: Type.Optional(Type.Object({ until: moment, seconds: Type.Integer() })),
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

function visible(maxLength: number, description: string) {
  return Type.Optional(Type.String({ minLength: 1, maxLength, pattern: word, description }));
}
export const PlaceHeaders = Type.Object({
  prefer: Type.Optional(Type.String({ pattern: "^[\\x20-\\x7e]*$", description: "`receipt`: a refusal comes signed" })),
  "idempotency-key": visible(255, "A retry under the same key gets one order"),
  "drop-pass": visible(2_000, "The pass of a drop's line. It is the order's key, beside an Idempotency-Key too"),
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

const filterFields = {
  status: Type.Optional(OrderStatus),
  dropId: Type.Optional(Type.String({ maxLength: 63, pattern: line, description: "Placed in this drop" })),
  productId: Type.Optional(Type.String({ maxLength: 64, pattern: line })),
  q: Type.Optional(
    Type.String({
      maxLength: 255,
      pattern: storable,
      description: "Whole: an order's id or short code, a buyer's id, or the e-mail of a buyer's account",
    }),
  ),
  from: Type.Optional(Type.String({ format: "date-time", description: "Placed at this moment or later" })),
  to: Type.Optional(Type.String({ format: "date-time", description: "Placed before this moment" })),
};
export const OrderFilterBody = Type.Object(filterFields, { additionalProperties: false });
export type OrderFilterBody = Static<typeof OrderFilterBody>;

const theseOrders = "Only these, of the orders that are like the rest of the filter";
const OrderIds = Type.Array(Type.String({ format: "uuid" }), { minItems: 1, maxItems: 500, description: theseOrders });
/** Of an act on many orders. */
export const BulkFilterBody = Type.Object(
  { ...filterFields, orderIds: Type.Optional(OrderIds) },
  { additionalProperties: false },
);
export type BulkFilterBody = Static<typeof BulkFilterBody>;

export const SearchQuery = Type.Object(
  {
    ...filterFields,
    cursor: Type.Optional(Type.String({ description: "`nextCursor` of the page before" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  },
  { additionalProperties: false },
);

export const SearchAnswer = Type.Object({
  items: Type.Array(Type.Ref("Order")),
  nextCursor: Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" }),
});

const force = "Also if the parcel was handed over; with `restock` only if its units came back";
export const RefundQuery = Type.Object(
  { force: Type.Optional(Type.Boolean({ description: force })) },
  { additionalProperties: false },
);

export const RefundBody = Type.Object(
  {
    reason: Type.String({ maxLength: 200, pattern: line, description: "Shown to its buyer" }),
    restock: Type.Optional(Type.Boolean({ default: false, description: "Whether the units come back on sale" })),
  },
  { additionalProperties: false, examples: [{ reason: "came back broken", restock: true }] },
);

export const bulkActions = ["cancel", "refund"] as const;
export const PreviewBody = Type.Object(
  {
    filter: BulkFilterBody,
    action: Type.Enum([...bulkActions]),
    reason: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, pattern: line, description: "Shown to the buyers" }),
    ),
    restock: Type.Optional(
      Type.Boolean({ default: false, description: "Of a refund: whether the units come back into stock and on sale" }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ filter: { productId: "test-product-123", status: "CONFIRMED" }, action: "refund" }],
  },
);
const examplePlan = "5f0e6f0a-7c1e-4a43-9a50-3c1b8f0e6a11";
export const PlanParams = Type.Object({
  planId: Type.String({ format: "uuid", description: "From the preview", examples: [examplePlan] }),
});

export const bulkStates = ["previewed", "expired", "running", "done"] as const;
function numberOf(description: string) {
  return Type.Integer({ description });
}
const amount = Type.Integer({ description: "In minor units of the currency" });
export const BulkPlan = Type.Object(
  {
    planId: Type.String({ format: "uuid" }),
    action: Type.Enum([...bulkActions]),
    reason: Type.String(),
    restock: Type.Boolean(),
    filter: BulkFilterBody,
    count: numberOf("The orders that the run takes: these, and no others"),
    free: numberOf("Of these, the orders that cost nothing"),
    amount: Type.Unsafe<number | null>({
      type: ["integer", "null"],
      description:
        "Their totals, less what went back before, in minor units; null if in several currencies: see `amounts`",
    }),
    currency: Type.Unsafe<string | null>({ type: ["string", "null"], description: "ISO 4217, of `amount`" }),
    amounts: Type.Array(Type.Object({ currency: Type.String(), count: Type.Integer(), amount })),
    state: Type.Enum([...bulkStates]),
    changed: numberOf("Orders that were cancelled or refunded so far"),
    unchanged: numberOf("Orders that had gone on since the preview, and stay as they are"),
    left: numberOf("Orders that wait for their turn"),
    previewedBy: Type.String(),
    previewedAt: moment,
    expiresAt: Type.String({ format: "date-time", description: "Until then the plan can be started" }),
    startedBy: Type.Optional(Type.String()),
    startedAt: Type.Optional(moment),
    finishedAt: Type.Optional(moment),
  },
  { $id: "BulkPlan" },
);
export type BulkPlan = Static<typeof BulkPlan>;

export const ItemsQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,6}$", description: "`nextCursor` of the page before" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  },
  { additionalProperties: false },
);
export const ItemsAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      orderId: Type.String({ format: "uuid" }),
      code: Type.String(),
      total: amount,
      currency: Type.String(),
      outcome: Type.Enum(["waiting", "changed", "unchanged"]),
      status: Type.Optional(Type.String({ description: "The order's status after its turn" })),
      at: Type.Optional(moment),
    }),
  ),
  nextCursor: Type.Unsafe<string | null>({ type: ["string", "null"], description: "null on the last page" }),
});
