/** Opens a warehouse over real orders, a real inventory and a real catalog on one PostgreSQL, with its routes. */
import { randomUUID } from "node:crypto";
import { type Catalog, catalogSchema, createCatalog } from "#catalog";
import type { NewRecord } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import { orderEventRecord, orderEventTypes } from "#events/orders";
import { createIdentity, type Role } from "#identity";
import { createInventory } from "#inventory";
import { systemClock } from "#platform/clock";
import { createHttp } from "#platform/http";
import { createLog } from "#platform/log";
import { warehouseRoutes } from "#routes/warehouse";
import { migrate } from "../engines/sql/migrate.ts";
import { openOrderStage, topics } from "../orders/stage.testing.ts";
import { createWarehouse, warehouseSchema } from "./warehouse.ts";

export type WarehouseStage = Awaited<ReturnType<typeof openWarehouseStage>>;

export async function openWarehouseStage() {
  const shop = await openOrderStage();
  const { sql, url, log, gate, orders, inventory } = shop;
  await migrate({ url, modules: [catalogSchema, warehouseSchema] });
  const logger = createLog({ level: "silent" });
  const reader = { group: "prices", termsOf: inventory.books.products.offersOf };
  const catalog: Catalog = createCatalog({ sql, log, topic: "product.events", reader, logger, onFault() {} });
  const faults: unknown[] = [];
  const options = {
    log,
    topic: topics.events,
    catalog,
    now: Date.now,
    onFault: (_: string, e: unknown) => faults.push(e),
  };
  const warehouse = createWarehouse({ ...options, sql, group: "parcels", orders, inventory });

  const identity = createIdentity({
    secret: "a secret of at least 32 bytes....",
    issuer: "test",
    trustUserHeader: true,
  });
  const app = await createHttp({ log: logger, clock: systemClock, openApi: { title: "test", version: "1" } });
  // Linus has an account here; the others come by a token of elsewhere.
  const accounts = {
    namesOf: async (ids: readonly string[]) => new Map(ids.filter(isLinus).map((id) => [id, "Linus"])),
  };
  warehouseRoutes(app, { warehouse, accounts, identity });

  const as =
    (user: string, role: Role = "WAREHOUSE") =>
    async (method: "GET" | "POST", path: string, payload?: object | string, type = "application/json") => {
      const authorization = `Bearer ${identity.issue({ user, role, ttlMs: 60_000 })}`;
      const headers = { authorization, ...(payload !== undefined && { "content-type": type }) };
      const answer = await app.inject({ method, url: path, headers, ...(payload !== undefined && { payload }) });
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
    };

  return {
    ...shop,
    catalog,
    warehouse,
    faults,
    as,
    linus: as("linus"),

    /** An order that was paid, of a product that the catalog knows. */
    async paidOrder({ quantity = 1, stock = 10, barcode = null as string | null } = {}) {
      const productId = await shop.newProduct({ stock });
      const fields = { name: `Lamp ${productId}`, unitPriceMinor: 4_900, currency: "EUR", bin: "A-1", barcode };
      await catalog.create({ productId, ...fields });
      const placed = await shop.place({ productId, quantity, idempotencyKey: randomUUID() });
      if (!placed.ok) throw new Error(`not placed: ${placed.reason}`);
      const { orderId } = placed.order;
      await shop.settleAll();
      await orders.confirm(orderId);
      return { productId, orderId };
    },

    /** The event of that change, as the log gives it again. */
    eventOf(orderId: string, status: "CONFIRMED" | "REFUNDED"): NewRecord {
      const data = {
        orderId,
        userId: "ada",
        productId: "lamp",
        quantity: 1,
        totalMinor: 1,
        currency: "EUR",
        status,
        reason: null,
      };
      return orderEventRecord({
        id: `${orderId}:${status}`,
        type: orderEventTypes[status],
        time: new Date().toISOString(),
        data,
      });
    },

    async productOf(orderId: string): Promise<string> {
      return (await orders.booked([orderId]))[0]?.productId ?? "no product";
    },

    /** The warehouse of another process, whose every statement goes through `mortal`. */
    openOn(mortal: Sql) {
      const books = createInventory({
        sql: mortal,
        gate,
        log,
        logger,
        now: Date.now,
        onFault() {},
        onRepaired() {},
        productEventsTopic: "product.events",
        priceGroup: "prices",
      });
      const itsOrders = shop.open({ sql: mortal, inventory: books });
      return createWarehouse({ ...options, sql: mortal, group: "parcels", orders: itsOrders, inventory: books });
    },

    async close() {
      await app.close();
      await shop.close();
    },
  };
}

/** A process that dies at its `last` step: before or after a statement, or a commit. It does nothing more. */
export function mortalSql(sql: Sql, last: number) {
  let steps = 0;
  function step(): void {
    steps += 1;
    if (steps >= last) throw new Error("the process is dead");
  }
  async function around<T>(work: () => Promise<T>): Promise<T> {
    step();
    const result = await work();
    step();
    return result;
  }
  const mortal: Sql = {
    ...sql,
    query: (text, values) => around(() => sql.query(text, values)),
    transaction: (work) =>
      around(() =>
        sql.transaction((tx) => {
          const query: Tx["query"] = (text, values) => around(() => tx.query(text, values));
          return work({ ...tx, query });
        }),
      ),
  };
  return { mortal, isOver: () => steps >= last };
}

function isLinus(id: string): boolean {
  return id === "linus";
}
