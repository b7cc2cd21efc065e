import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createLog } from "#platform/log";
import { until } from "../../test/support/until.ts";
import { productRecord } from "../catalog/events.ts";
import { consumeOffers } from "./events.ts";
import { openMemoryGate } from "./gate/memory.ts";
import { openInventoryDatabase, openTestInventory } from "./inventory.testing.ts";

const database = await openInventoryDatabase();
const gate = openMemoryGate();
const { inventory, log } = await openTestInventory(database, gate);
after(async () => {
  await log.close();
  await database.close();
});

/** As an outbox sends it again whose process stood still while another one took over. */
test("a price that comes again behind a later one, in the same batch, is stale", async () => {
  await log.append("product.events", [priced(1), priced(2), priced(1)]);
  const { sql } = database;
  const logger = createLog({ level: "silent" });
  const consumer = await consumeOffers({
    log,
    sql,
    gate,
    logger,
    topic: "product.events",
    group: "prices",
    gateIsOn: async () => true,
  });
  try {
    await until(async () => ((await log.committedOffsets("prices", "product.events")).get(0) ?? 0n) >= 3n);
    assert.equal((await inventory.books.products.offerOf("lamp"))?.unitPriceMinor, 200);
    assert.equal((await gate.snapshot(["lamp"]))[0]?.offer?.unitPriceMinor, 200);
  } finally {
    await consumer.close();
  }
});

function priced(version: number) {
  const data = {
    productId: "lamp",
    name: "Lamp",
    unitPriceMinor: 100 * version,
    currency: "EUR",
    limitPerCustomer: null,
  };
  const time = "2030-01-02T03:04:05.678Z";
  return productRecord({ id: `lamp:${version}`, type: "dropgate.product.changed", time, data: { ...data, version } });
}
