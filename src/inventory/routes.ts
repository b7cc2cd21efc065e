/** Serves stock and the switch over HTTP, for the warehouse and for operators. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { ModeState } from "./agreement/mode.ts";
import { createEntriesPage } from "./entries-page.ts";
import type { Inventory } from "./inventory.ts";
import { details, inventoryProblems, notSettled, orGateAway, whyNot } from "./problems.ts";
import { sendProducts } from "./products-answer.ts";
import {
  AdjustBody,
  EntryHeaders,
  LedgerAnswer,
  LedgerQuery,
  ModeBody,
  ModeView,
  ProductParams,
  ReconcileQuery,
  ReconcileView,
  RestockBody,
  StockQuery,
  StockView,
  SyncQuery,
  SyncView,
} from "./wire.ts";

type AskedToEnter<Body extends typeof RestockBody | typeof AdjustBody> = Asked<{
  params: typeof ProductParams;
  headers: typeof EntryHeaders;
  body: Body;
}>;

export function inventoryRoutes(
  app: Http,
  { inventory, identity }: { inventory: Inventory; identity: Identity },
): void {
  const { books, agreement } = inventory;
  const warehouse = identity.guard("WAREHOUSE", "ADMIN");
  const admin = identity.guard("ADMIN");
  const listEntries = createEntriesPage(books.products);
  for (const schema of [StockView, ReconcileView, SyncView]) app.addSchema(schema);

  app.get("/inventory/:productId", { onRequest: warehouse, schema: documents.getStock }, readStock);
  app.get("/inventory/:productId/ledger", { onRequest: warehouse, schema: documents.listStockEntries }, listEntries);
  app.post("/inventory/:productId/restock", { onRequest: warehouse, schema: documents.restock }, restock);
  app.post("/inventory/:productId/adjust", { onRequest: warehouse, schema: documents.adjustStock }, adjustStock);
  app.post("/inventory/admin/sync-redis", { onRequest: admin, schema: documents.syncRedisOfInventory }, syncRedis);
  app.post("/admin/sync-redis", { onRequest: admin, schema: documents.syncRedis }, syncRedis);
  app.get("/admin/reconcile", { onRequest: admin, schema: documents.reconcile }, reconcile);
  app.get("/admin/gatekeeper", { onRequest: admin, schema: documents.getGatekeeper }, readGatekeeper);
  app.put("/admin/gatekeeper", { onRequest: admin, schema: documents.setGatekeeper }, setGatekeeper);

  async function readStock(
    request: Asked<{ params: typeof ProductParams; querystring: typeof StockQuery }>,
    reply: FastifyReply,
  ) {
    const { productId } = request.params;
    const known = await books.products.find(productId);
    if (known !== "known") return refuse(reply, inventoryProblems[known], details[known]);
    const stock = await books.stock(productId);
    return stock && (request.query.price ? stock : withoutPrice(stock));
  }

  function restock(request: AskedToEnter<typeof RestockBody>, reply: FastifyReply) {
    return enter(request, reply, "restock", request.body.quantity);
  }

  function adjustStock(request: AskedToEnter<typeof AdjustBody>, reply: FastifyReply) {
    return enter(request, reply, "adjust", request.body.delta);
  }

  async function enter(
    request: AskedToEnter<typeof RestockBody> | AskedToEnter<typeof AdjustBody>,
    reply: FastifyReply,
    kind: "restock" | "adjust",
    quantity: number,
  ) {
    const { productId } = request.params;
    const entry = { productId, kind, quantity, reason: request.body.reason, actor: callerOf(request).userId };
    const answer = await orGateAway(books.enter({ ...entry, ref: request.headers["idempotency-key"] }));
    if (!answer.ok) return refuse(reply, inventoryProblems[answer.reason], details[answer.reason]);
    if (answer.repeated) reply.header("idempotency-replayed", "true");
    const stock = await books.stock(productId);
    return stock && withoutPrice(stock);
  }

  async function syncRedis(request: Asked<{ querystring: typeof SyncQuery }>, reply: FastifyReply) {
    return sendProducts(reply, {}, await orGateAway(agreement.sync(request.query.mode === "rebuild")));
  }

  async function reconcile(request: Asked<{ querystring: typeof ReconcileQuery }>, reply: FastifyReply) {
    const report = await agreement.reconciliation.run();
    await agreement.reconciliation.keep(report);
    const { products, ...head } = report;
    if (request.query.findings) return sendProducts(reply, head, products);
    return sendProducts(reply, head, products, ({ finding, remedy, ...product }) => product);
  }

  async function readGatekeeper() {
    return viewOf(await agreement.mode.read());
  }

  async function setGatekeeper(request: Asked<{ body: typeof ModeBody }>, reply: FastifyReply) {
    const answer = await agreement.mode.switchTo(request.body.mode, callerOf(request).userId);
    if (answer.ok) return viewOf(answer.state);
    const { mode } = answer.state;
    const extra = { mode };
    if (answer.reason === "overtaken") {
      return refuse(reply, inventoryProblems.switch_overtaken, details.switch_overtaken, { extra });
    }
    if (answer.reason === "not_settled") throw notSettled(answer.cause, extra);
    return refuse(reply, inventoryProblems.switch_failed, `The mode is ${mode}. ${whyNot}`, { extra });
  }
}

const tags = ["inventory"];
const entryResponses = { 200: Type.Ref("Stock"), ...problemResponses(...Object.values(inventoryProblems)) };
const notKnown = problemResponses(inventoryProblems.product_not_found, inventoryProblems.product_not_known_yet);
const syncDocument = {
  tags,
  summary: "Compare the gate with the books and load missing or different products again",
  querystring: SyncQuery,
  response: {
    200: Type.Ref("StockSync"),
    ...problemResponses(inventoryProblems.gate_unavailable, inventoryProblems.not_settled),
  },
};

const documents = {
  getStock: {
    tags,
    operationId: "getStock",
    summary: "Stock of one product",
    params: ProductParams,
    querystring: StockQuery,
    response: { 200: Type.Ref("Stock"), ...notKnown },
  },
  listStockEntries: {
    tags,
    operationId: "listStockEntries",
    summary: "What was brought in and taken out by entries, newest first; what orders sell is not among them",
    params: ProductParams,
    querystring: LedgerQuery,
    response: { 200: LedgerAnswer, ...notKnown },
  },
  restock: {
    tags,
    operationId: "restock",
    summary: "Bring units in; under an Idempotency-Key a retry counts once",
    params: ProductParams,
    headers: EntryHeaders,
    body: RestockBody,
    response: entryResponses,
  },
  adjustStock: {
    tags,
    operationId: "adjustStock",
    summary: "Correct the stock by some units up or down; units that orders hold stay theirs",
    params: ProductParams,
    headers: EntryHeaders,
    body: AdjustBody,
    response: entryResponses,
  },
  syncRedisOfInventory: { ...syncDocument, operationId: "syncRedisOfInventory" },
  syncRedis: { ...syncDocument, operationId: "syncRedis" },
  reconcile: {
    tags,
    operationId: "reconcile",
    summary: "Do gate and books agree? Exact also under load",
    querystring: ReconcileQuery,
    response: { 200: Type.Ref("Reconciliation") },
  },
  getGatekeeper: {
    tags,
    operationId: "getGatekeeper",
    summary: "The present mode of the switch",
    response: { 200: ModeView },
  },
  setGatekeeper: {
    tags,
    operationId: "setGatekeeper",
    summary: "Switch between the gate, orders decided in the books, and no new orders",
    body: ModeBody,
    response: {
      200: ModeView,
      ...problemResponses(
        inventoryProblems.switch_failed,
        inventoryProblems.switch_overtaken,
        inventoryProblems.not_settled,
      ),
    },
  },
};

function viewOf({ mode, ready, changedBy, changedAt }: ModeState) {
  return { mode, ready, changedBy, changedAt: changedAt.toISOString() };
}

function withoutPrice<Stock extends { gatePrice: unknown }>({ gatePrice, ...figures }: Stock) {
  return figures;
}
