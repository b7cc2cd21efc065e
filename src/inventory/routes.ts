import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import { gateModes, type ModeState } from "./agreement/mode.ts";
import type { Inventory } from "./inventory.ts";
import { details, inventoryProblems, notSettled, orGateAway, whyNot } from "./problems.ts";

const maxUnits = 1_000_000_000;
const units = Type.Integer({ description: "Units" });
const StockView = Type.Object(
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
const ReconcileView = Type.Object(
  {
    status: Type.Union([Type.Literal("OK"), Type.Literal("WARNING"), Type.Literal("CRITICAL")]),
    mode: Type.Enum([...gateModes]),
    products: Type.Array(
      Type.Object({
        productId: Type.String(),
        status: Type.String({ description: "OK, WARNING or CRITICAL" }),
        ...{ onHand: units, held: units, sold: units },
        inFlight: Type.Integer({ description: "Units reserved at the gate and not decided in the books yet" }),
        gate: Type.Union([units, Type.Null()]),
        drift: Type.Integer({ description: "What gate and books disagree by; 0 also under load" }),
        explanation: Type.String(),
      }),
    ),
  },
  { $id: "Reconciliation" },
);
const SyncView = Type.Object(
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
const ModeView = Type.Object({
  mode: Type.Enum([...gateModes]),
  ready: Type.Boolean({ description: "False while the switch is still being prepared: orders are refused meanwhile" }),
  changedBy: Type.String(),
  changedAt: Type.String({ format: "date-time" }),
});
// PostgreSQL stores neither NUL nor half of a surrogate pair, and nothing here has a use for other controls.
const oneLine = "^[^\\p{Cc}\\p{Cs}]+$";
const ProductParams = Type.Object({
  productId: Type.String({ maxLength: 64, pattern: oneLine, examples: ["test-product-123"] }),
});
const EntryHeaders = Type.Object({
  "idempotency-key": Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" })),
});
const reason = Type.String({ maxLength: 500, pattern: oneLine, examples: ["delivery"] });

export function inventoryRoutes(
  app: Http,
  { inventory, identity }: { inventory: Inventory; identity: Identity },
): void {
  const warehouse = identity.guard("WAREHOUSE", "ADMIN");
  const admin = identity.guard("ADMIN");
  for (const schema of [StockView, ReconcileView, SyncView]) app.addSchema(schema);

  app.get(
    "/inventory/:productId",
    {
      onRequest: warehouse,
      schema: {
        tags: ["inventory"],
        operationId: "getStock",
        summary: "Stock of one product",
        params: ProductParams,
        response: { 200: Type.Ref("Stock"), ...problemResponses(inventoryProblems.product_not_found) },
      },
    },
    async (request, reply) => {
      const stock = await inventory.stock(request.params.productId);
      return stock ?? refuse(reply, inventoryProblems.product_not_found, details.product_not_found);
    },
  );

  const entryResponses = { 200: Type.Ref("Stock"), ...problemResponses(...Object.values(inventoryProblems)) };
  app.post(
    "/inventory/:productId/restock",
    {
      onRequest: warehouse,
      schema: {
        tags: ["inventory"],
        operationId: "restock",
        summary: "Bring units in; under an Idempotency-Key a retry counts once",
        params: ProductParams,
        headers: EntryHeaders,
        body: Type.Object(
          { quantity: Type.Integer({ minimum: 1, maximum: maxUnits, examples: [10] }), reason },
          { additionalProperties: false, examples: [{ quantity: 10, reason: "delivery" }] },
        ),
        response: entryResponses,
      },
    },
    (request, reply) => enter(request, reply, "restock", request.body.quantity),
  );
  app.post(
    "/inventory/:productId/adjust",
    {
      onRequest: warehouse,
      schema: {
        tags: ["inventory"],
        operationId: "adjustStock",
        summary: "Correct the stock by some units up or down; what orders hold stays theirs",
        params: ProductParams,
        headers: EntryHeaders,
        body: Type.Object(
          { delta: Type.Integer({ minimum: -maxUnits, maximum: maxUnits, not: { const: 0 }, examples: [-1] }), reason },
          { additionalProperties: false, examples: [{ delta: -1, reason: "broken" }] },
        ),
        response: entryResponses,
      },
    },
    (request, reply) => enter(request, reply, "adjust", request.body.delta),
  );

  type EntryRequest = Parameters<typeof callerOf>[0] & {
    params: { productId: string };
    body: { reason: string };
    headers: { "idempotency-key"?: string };
  };
  async function enter(
    request: EntryRequest,
    reply: Parameters<typeof refuse>[0],
    kind: "restock" | "adjust",
    quantity: number,
  ) {
    const { productId } = request.params;
    const entry = { productId, kind, quantity, reason: request.body.reason, actor: callerOf(request).userId };
    const answer = await orGateAway(inventory.enter({ ...entry, ref: request.headers["idempotency-key"] }));
    if (!answer.ok) return refuse(reply, inventoryProblems[answer.reason], details[answer.reason]);
    if (answer.repeated) reply.header("idempotency-replayed", "true");
    return inventory.stock(productId);
  }

  for (const url of ["/inventory/admin/sync-redis", "/admin/sync-redis"]) {
    app.post(
      url,
      {
        onRequest: admin,
        schema: {
          tags: ["inventory"],
          operationId: url === "/admin/sync-redis" ? "syncRedis" : "syncRedisOfInventory",
          summary: "Check the gate against the books and load anew what is missing or disagrees",
          querystring: Type.Object(
            { mode: Type.Optional(Type.Union([Type.Literal("soft"), Type.Literal("rebuild")], { default: "soft" })) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Ref("StockSync"),
            ...problemResponses(inventoryProblems.gate_unavailable, inventoryProblems.not_settled),
          },
        },
      },
      async (request) => ({ products: await orGateAway(inventory.sync(request.query.mode === "rebuild")) }),
    );
  }

  app.get(
    "/admin/reconcile",
    {
      onRequest: admin,
      schema: {
        tags: ["inventory"],
        operationId: "reconcile",
        summary: "Do gate and books agree? Exact also under load",
        response: { 200: Type.Ref("Reconciliation") },
      },
    },
    async () => {
      const report = await inventory.reconcile();
      await inventory.reconciled(report);
      return report;
    },
  );

  app.get(
    "/admin/gatekeeper",
    {
      onRequest: admin,
      schema: {
        ...{ tags: ["inventory"], operationId: "getGatekeeper", summary: "Where the switch stands" },
        response: { 200: ModeView },
      },
    },
    async () => modeView(await inventory.readMode()),
  );
  app.put(
    "/admin/gatekeeper",
    {
      onRequest: admin,
      schema: {
        tags: ["inventory"],
        operationId: "setGatekeeper",
        summary: "Switch between the gate, orders decided in the books, and no new orders",
        body: Type.Object(
          { mode: Type.Enum([...gateModes]) },
          { additionalProperties: false, examples: [{ mode: "gatekeeper" }] },
        ),
        response: {
          200: ModeView,
          ...problemResponses(
            inventoryProblems.switch_failed,
            inventoryProblems.switch_overtaken,
            inventoryProblems.not_settled,
          ),
        },
      },
    },
    async (request, reply) => {
      const answer = await inventory.switchMode(request.body.mode, callerOf(request).userId);
      if (answer.ok) return modeView(answer.state);
      const { mode } = answer.state;
      const extra = { mode };
      if (answer.reason === "overtaken") {
        return refuse(reply, inventoryProblems.switch_overtaken, details.switch_overtaken, { extra });
      }
      if (answer.reason === "not_settled") throw notSettled(answer.cause, extra);
      return refuse(reply, inventoryProblems.switch_failed, `The mode is ${mode}. ${whyNot}`, { extra });
    },
  );
}

function modeView({ mode, ready, changedBy, changedAt }: ModeState) {
  return { mode, ready, changedBy, changedAt: changedAt.toISOString() };
}
