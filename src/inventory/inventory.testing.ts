/** An inventory on a real database and the real log on it, for the tests of this module. */
import type { Sql } from "#engines/sql";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventLogSchema, openPostgresLog } from "../engines/log/postgres/postgres.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { keepOffer } from "./books/offers.ts";
import type { Gate, Offer } from "./gate/gate.ts";
import { imageOf } from "./gate/image.testing.ts";
import { createInventory, type InventoryOptions, inventorySchema } from "./inventory.ts";

export async function openInventoryDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await migrate({ url: database.url, modules: [eventLogSchema, inventorySchema] });
  return database;
}

/** In the books with its price, and at the gate, open and without units. */
export async function putOnSale(sql: Sql, gate: Gate, productId: string, offer: Offer): Promise<void> {
  await sql.transaction((tx) => keepOffer(tx, productId, offer));
  await gate.install(imageOf(productId, { offer }));
}

/** The caller closes the log. */
export async function openTestInventory(
  { sql, url }: TestDatabase,
  gate: Gate,
  change: Partial<Pick<InventoryOptions, "onFault" | "onRepaired">> = {},
) {
  const logger = createLog({ level: "silent" });
  const log = await openPostgresLog({ sql, url, log: logger });
  const productEventsTopic = "product.events";
  await log.ensureTopics([{ name: productEventsTopic, partitions: 1 }]);
  const inventory = createInventory({
    sql,
    gate,
    log,
    logger,
    productEventsTopic,
    priceGroup: "prices",
    now: Date.now,
    onFault() {},
    onRepaired() {},
    ...change,
  });
  return { inventory, log };
}
