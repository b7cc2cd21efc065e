/** Every question and every act of the console, typed by the server's own schemas. */
import type { Static } from "typebox";
import type { PageAnswer, PatchBody, ProductAnswer, ProductBody } from "#wire/catalog";
import type { AccountAnswer, LogInBody, SessionView } from "#wire/identity";
import type { GateMode, LedgerAnswer, ModeView, ReconcileView, StockView, SyncView } from "#wire/inventory";
import type { BulkFilterBody, BulkPlan, OrderFilterBody, OrderView, PreviewBody, SearchAnswer } from "#wire/orders";
import { ask } from "./ask.ts";
import { filterOf } from "./order-query.ts";

export type Product = ProductAnswer;
export type Stock = Static<typeof StockView>;
export type StockEntries = Static<typeof LedgerAnswer>;
export type Reconciliation = Static<typeof ReconcileView>;
export type Synced = Static<typeof SyncView>;
export type Mode = Static<typeof ModeView>;
export type Order = OrderView;
export type Session = Static<typeof SessionView>;
export type Account = AccountAnswer;
export type { BulkPlan } from "#wire/orders";
/** As the address has it: days, where the server takes moments. */
export type OrderSearch = OrderFilterBody;
/** A search, or orders by their ids. */
export type BulkFilter = BulkFilterBody;
type ProductPage = Pick<Static<typeof PageAnswer>, "nextCursor"> & { products: Product[] };
type OrderPage = Pick<Static<typeof SearchAnswer>, "nextCursor"> & { items: Order[] };
export type Health = {
  status: string;
  components: Record<string, { status: string; details?: Record<string, unknown> }>;
};

export const api = {
  products: (cursor: string | undefined) => ask<ProductPage>("listProducts", { query: { cursor, limit: "20" } }),
  product: (id: string) => ask<Product>("getProduct", { id }),
  addProduct: (body: ProductBody) => ask<Product>("addProduct", { body }),
  changeProduct: (id: string, version: number, body: PatchBody) =>
    ask<Product>("changeProduct", { id, body, headers: { "if-match": `"${version}"` } }),
  setImage: (id: string, version: number, file: Blob) =>
    ask<Product>("setProductImage", { id, file, headers: { "if-match": `"${version}"` } }),
  entries: (id: string, cursor: string | undefined) =>
    ask<StockEntries>("listStockEntries", { id, query: { cursor, limit: "20" } }),
  stock: (id: string) => ask<Stock>("getStock", { id, query: { price: "true" } }),
  /** Under one key a second attempt counts once. */
  restock: (id: string, key: string, body: { quantity: number; reason: string }) =>
    ask<Stock>("restock", { id, body, headers: { "idempotency-key": key } }),
  adjust: (id: string, key: string, body: { delta: number; reason: string }) =>
    ask<Stock>("adjustStock", { id, body, headers: { "idempotency-key": key } }),

  reconciliation: () => ask<Reconciliation>("reconcile", { query: { findings: "true" } }),
  sync: () => ask<Synced>("syncRedis", { query: { mode: "soft" } }),
  mode: () => ask<Mode>("getGatekeeper"),
  switchTo: (mode: GateMode) => ask<Mode>("setGatekeeper", { body: { mode } }),

  orders: (search: OrderSearch, cursor: string | undefined) =>
    ask<OrderPage>("searchOrders", { query: { ...filterOf(search), cursor, limit: "25" } }),
  order: (id: string) => ask<Order>("getOrder", { id }),
  cancel: (id: string) => ask<Order>("cancelOrder", { id }),
  /** `force`: although its parcel was handed over. */
  refund: (id: string, body: { reason: string; restock: boolean }, force: boolean) =>
    ask<Order>("refundOrder", { id, body, query: { force: force ? "true" : undefined } }),

  previewBulk: (of: BulkFilter, act: Omit<Static<typeof PreviewBody>, "filter">) =>
    ask<BulkPlan>("previewBulk", { body: { filter: filterOf(of), ...act } }),
  bulk: (id: string) => ask<BulkPlan>("getBulk", { id }),
  runBulk: (id: string) => ask<BulkPlan>("runBulk", { id }),

  health: () => ask<Health>("getHealth", { alsoAnswers: [503] }),

  session: () => ask<Session>("getSession"),
  logIn: (body: Static<typeof LogInBody>) => ask<{ account: Account }>("logIn", { body }),
  logInAsDemo: (person: string) => ask<{ account: Account }>("logInAsDemo", { body: { person } }),
  renew: () => ask<{ account: Account }>("refreshSession"),
  logOut: () => ask<undefined>("logOut"),
};
