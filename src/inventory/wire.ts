/** Stock and the switch on the wire. */
import { Type } from "typebox";

/** gatekeeper: orders pass the gate. sync: each order is decided in its own transaction. closed: new orders are refused. */
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
  },
  { $id: "Stock" },
);
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
        drift: Type.Integer({ description: "What gate and books disagree by; 0 also under load" }),
        explanation: Type.String(),
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
// PostgreSQL stores neither NUL nor half of a surrogate pair, and nothing here has a use for other controls.
const oneLine = "^[^\\p{Cc}\\p{Cs}]+$";
export const ProductParams = Type.Object({
  productId: Type.String({ maxLength: 64, pattern: oneLine, examples: ["test-product-123"] }),
});
export const EntryHeaders = Type.Object({
  "idempotency-key": Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" })),
});
const reason = Type.String({ maxLength: 500, pattern: oneLine, examples: ["delivery"] });

export const RestockBody = Type.Object(
  { quantity: Type.Integer({ minimum: 1, maximum: maxUnits, examples: [10] }), reason },
  { additionalProperties: false, examples: [{ quantity: 10, reason: "delivery" }] },
);

export const AdjustBody = Type.Object(
  { delta: Type.Integer({ minimum: -maxUnits, maximum: maxUnits, not: { const: 0 }, examples: [-1] }), reason },
  { additionalProperties: false, examples: [{ delta: -1, reason: "broken" }] },
);

export const SyncQuery = Type.Object(
  { mode: Type.Optional(Type.Union([Type.Literal("soft"), Type.Literal("rebuild")], { default: "soft" })) },
  { additionalProperties: false },
);

export const ModeBody = Type.Object(
  { mode: Type.Enum([...gateModes]) },
  { additionalProperties: false, examples: [{ mode: "gatekeeper" }] },
);
