/**
 * Opens orders on a real database, with the embedded log and the gate in memory. Nothing settles until a test asks for
 * it, and no upkeep runs, so that a test sees each state between gate, log and books.
 */
import type { Tx } from "#engines/sql";
import { createLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { openTestDatabase } from "../../test/support/database.ts";
import { openPostgresProxy } from "../../test/support/tcp-proxy.ts";
import { createPostgresOperator } from "../engines/log/postgres/operator.testing.ts";
import { eventLogSchema, openPostgresLog } from "../engines/log/postgres/postgres.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { createAudit } from "../identity/audit/audit.ts";
import { identitySchema } from "../identity/identity.ts";
import { keepOffer } from "../inventory/books/offers.ts";
import { imageOf } from "../inventory/gate/image.testing.ts";
import { openMemoryGate } from "../inventory/gate/memory.ts";
import { createInventory, inventorySchema } from "../inventory/inventory.ts";
import type { PlaceRequest } from "./accept/answers.ts";
import { createOrders, type OrdersOptions, ordersSchema } from "./orders.ts";

export type OrderStage = Awaited<ReturnType<typeof openOrderStage>>;

type AtGate = "priced" | "unpriced" | "absent";

export const topics = { reservations: "orders.reservations", events: "orders.events" };
const paymentWindowMs = 60_000;

export async function openOrderStage() {
  const database = await openTestDatabase();
  const { sql, url } = database;
  await migrate({ url, modules: [eventLogSchema, identitySchema, inventorySchema, ordersSchema] });
  const silent = createLog({ level: "silent" });
  const proxy = await openPostgresProxy(url);
  const log = await openPostgresLog({ sql, url: proxy.url, log: silent });
  const names = [topics.reservations, `${topics.reservations}.dlq`, topics.events, "product.events"];
  await log.ensureTopics(names.map((name) => ({ name, partitions: 1 })));
  const gate = openMemoryGate();
  const metrics = createMetrics();
  const said: string[] = [];
  const onFault = () => {};
  const logger = createLog({ level: "warn", destination: { write: (line) => void said.push(line) } });
  const inventory = createInventory({
    sql,
    gate,
    log,
    now: Date.now,
    onFault,
    logger,
    productEventsTopic: "product.events",
    priceGroup: "prices",
    onRepaired() {},
  });
  const following = await inventory.agreement.follow();
  const operator = createPostgresOperator(sql);
  const audit = createAudit({ sql, now: Date.now });
  const orders = open({ metrics });
  let products = 0;

  /** Another process's orders, with options that differ from the first. */
  function open(options: Partial<OrdersOptions> = {}) {
    return createOrders({
      sql,
      reports: sql,
      log,
      inventory,
      audit,
      topics,
      logger,
      onFault,
      paymentWindowMs,
      now: Date.now,
      group: "settlement",
      maxRecords: 100,
      maxWaiting: 100,
      gateIsRemote: false,
      moveAfterMs: 0,
      crowd: 2,
      metrics: createMetrics(),
      ...options,
    });
  }

  async function enter(productId: string, quantity: number): Promise<void> {
    const entry = { productId, kind: "adjust", quantity, reason: "test", actor: "grace" } as const;
    const answer = await inventory.books.enter(entry);
    if (!answer.ok) throw new Error(`no stock for ${productId}: ${answer.reason}`);
  }

  return {
    sql,
    url,
    log,
    operator,
    gate,
    inventory,
    audit,
    orders,
    metrics,
    proxy,
    said,
    open,

    /** A product that the books know; at the gate with a price, without one, or not at all. */
    async newProduct({
      stock = 0,
      price = 4_900,
      limit = null as number | null,
      atGate = "priced" as AtGate,
    } = {}): Promise<string> {
      products += 1;
      const productId = `lamp-${products}`;
      const offer = { unitPriceMinor: price, currency: "EUR", limitPerCustomer: limit, version: 1 };
      await sql.transaction((tx) => keepOffer(tx, productId, offer));
      if (atGate !== "absent") await gate.install(imageOf(productId, { offer: atGate === "priced" ? offer : null }));
      if (stock > 0) await enter(productId, stock);
      return productId;
    },
    enter,

    /** `by` another process, if the first one must not learn that its log fails. */
    async place(request: Partial<PlaceRequest> & { productId: string }, by = orders) {
      return by.place({ userId: "ada", quantity: 1, expectedTotalMinor: null, ...request });
    },

    /** Settles the records of the log, and ends. */
    async settleAll(): Promise<void> {
      const settling = await orders.start();
      await orders.settlement.drained();
      await settling.stop();
    },

    /** Orders past their deadline whose payment is undecided. No buyer has placed them. */
    async undecidedOrders(productId: string, count: number): Promise<void> {
      await sql.query(
        `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor, currency,
           price_version, status, reason, body_hash, placed_at, pay_by, timeline)
         select gen_random_uuid(), 'eve', $1, 0, i, 1, 100, 'EUR', 1, 'PAYMENT_PENDING', 'payment_undecided', '', now(),
                now() - interval '1 minute', '[]'
           from generate_series(1, $2::int) as i`,
        [productId, count],
      );
    },

    /** Units that the gate may still sell, and units that are taken and undecided. */
    async unitsOf(productId: string): Promise<{ sellable: number; pending: number }> {
      const [snapshot] = await gate.snapshot([productId]);
      if (!snapshot) throw new Error(`the gate does not know ${productId}`);
      return { sellable: snapshot.sellable, pending: snapshot.pending };
    },

    async close(): Promise<void> {
      await following.stop();
      await log.close();
      await proxy.close();
      await database.close();
    },
  };
}

/** As a forgotten transaction of an operator does. */
export async function lockOrders(tx: Tx, orderIds: readonly string[]): Promise<void> {
  await tx.query("select from orders.orders where order_id = any($1::uuid[]) for update", [orderIds]);
}
