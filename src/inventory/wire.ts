/** Describes stock and the switch on the wire. */
import { Type } from "typebox";
import { line, word } from "#platform/wire";

/**
 * gatekeeper: orders go through the gate. sync: each order is decided in its own transaction. closed: new orders are
 * refused.
 */
export const gateModes = ["gatekeeper", "sync", "closed"] as const;
export type GateMode = (typeof gateModes)[number];

const maxUnits = 1_000_000_000;
const units = Type.Integer({ description: "Units" });
export const StockView = Type.Object(
  {
    productId: Type.String(),
    onHand: Type.Integer({ description: "Units in the warehouse: not sold yet" }),
    held: Type.Integer({ description: "Of these, promised to orders that are not paid yet" }),
    sold: Type.Integer({ description: "Units paid for" }),
    available: Type.Integer({ description: "onHand less held" }),
    gate: Type.Union([units, Type.Null()], { description: "Units the gate may still sell; null while it is closed" }),
    gatePrice: Type.Optional(
      Type.Union(
        [
          Type.Object({
            price: Type.Integer({ description: "Of one unit, in minor units of the currency" }),
            currency: Type.String({ description: "ISO 4217" }),
            version: Type.Integer({ description: "The version of the product that this price is of" }),
          }),
          Type.Null(),
        ],
        { description: "With `price=true`: the price at which the gate sells; null if it has no price" },
      ),
    ),
  },
  { $id: "Stock" },
);
export const StockQuery = Type.Object({
  price: Type.Optional(Type.Boolean({ description: "Adds `gatePrice`" })),
});

export const reconcileStatuses = ["OK", "WARNING", "CRITICAL"] as const;
export type ReconcileStatus = (typeof reconcileStatuses)[number];

/** The findings about a product; agreement/findings.ts describes each. */
export const findingKinds = [
  ...(["committed_beyond_stock", "entries_differ", "claims_differ", "sales_differ"] as const),
  ...(["gate_off", "not_loaded", "incomplete", "closed", "other_epoch", "ahead", "sale_ahead"] as const),
  ...(["drift", "no_records", "undecided", "from_the_future", "late_change"] as const),
  ...(["sale_untold", "behind", "agree"] as const),
] as const;
export type FindingKind = (typeof findingKinds)[number];

/**
 * The remedy of a finding, a command or an action of the running system. relay: it applies later changes to the gate.
 * sweeper: it has the books decide. repair: its next look, within seconds, tells the gate. sync_redis: `dropgate sync`
 * loads the product from the books. by_hand: the books contradict themselves, so nothing can be loaded from them.
 */
export const remedies = ["none", "relay", "sweeper", "repair", "sync_redis", "by_hand"] as const;
export type Remedy = (typeof remedies)[number];

export const ReconcileQuery = Type.Object({
  findings: Type.Optional(Type.Boolean({ description: "Adds `finding` and `remedy` to every product" })),
});
export const ReconcileView = Type.Object(
  {
    status: Type.Union([Type.Literal("OK"), Type.Literal("WARNING"), Type.Literal("CRITICAL")]),
    mode: Type.Enum([...gateModes]),
    products: Type.Array(
      Type.Object({
        productId: Type.String(),
        status: Type.String({ description: "OK, WARNING or CRITICAL" }),
        onHand: units,
        held: units,
        sold: units,
        inFlight: Type.Integer({ description: "Units reserved at the gate and not decided in the books yet" }),
        gate: Type.Union([units, Type.Null()]),
        drift: Type.Integer({ description: "The difference between gate and books; 0 also under load" }),
        explanation: Type.String(),
        finding: Type.Optional(
          Type.Object(
            { kind: Type.Enum([...findingKinds]) },
            {
              additionalProperties: true,
              description: "With `findings=true`: a word, and its figures as further fields",
            },
          ),
        ),
        remedy: Type.Optional(
          Type.Enum([...remedies], { description: "With `findings=true`: the remedy of the finding" }),
        ),
      }),
    ),
  },
  { $id: "Reconciliation" },
);
export const SyncView = Type.Object(
  {
    products: Type.Array(
      Type.Object({
        productId: Type.String(),
        action: Type.String({ description: "verified, rebuilt, or gate_off while the switch is not at gatekeeper" }),
        epoch: Type.Integer(),
        sellable: Type.Integer(),
      }),
    ),
  },
  { $id: "StockSync" },
);
export const ModeView = Type.Object({
  mode: Type.Enum([...gateModes]),
  ready: Type.Boolean({ description: "False while the switch is still being prepared: orders are refused meanwhile" }),
  changedBy: Type.String(),
  changedAt: Type.String({ format: "date-time" }),
});
export const ProductParams = Type.Object({
  productId: Type.String({ maxLength: 64, pattern: line, examples: ["test-product-123"] }),
});
export const EntryHeaders = Type.Object({
  "idempotency-key": Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: word })),
});
const reason = Type.String({ maxLength: 500, pattern: line, examples: ["delivery"] });

export const LedgerQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9_-]{2,400}$", description: "`nextCursor` of the page before" }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  },
  { additionalProperties: false },
);
export const LedgerAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      at: Type.String({ format: "date-time" }),
      actor: Type.String({ description: "Who made the entry" }),
      kind: Type.Optional(Type.String({ description: "restock, adjust, return of a refunded order, or short" })),
      delta: Type.Integer({ description: "Units in; units out if negative" }),
      reason: Type.String(),
      ref: Type.String({ description: "Its Idempotency-Key, or what it was made for" }),
    }),
  ),
  nextCursor: Type.Union([Type.String(), Type.Null()], { description: "null on the last page" }),
});

export const RestockBody = Type.Object(
  { quantity: Type.Integer({ minimum: 1, maximum: maxUnits, examples: [10] }), reason },
  { additionalProperties: false, examples: [{ quantity: 10, reason: "delivery" }] },
);

export const AdjustBody = Type.Object(
  { delta: Type.Integer({ minimum: -maxUnits, maximum: maxUnits, not: { const: 0 }, examples: [-1] }), reason },
  { additionalProperties: false, examples: [{ delta: -1, reason: "broken" }] },
);

export const SyncQuery = Type.Object(
  { mode: Type.Optional(Type.Enum(["soft", "rebuild"], { default: "soft" })) },
  { additionalProperties: false },
);

export const ModeBody = Type.Object(
  { mode: Type.Enum([...gateModes]) },
  { additionalProperties: false, examples: [{ mode: "gatekeeper" }] },
);
