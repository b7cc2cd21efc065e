import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Sql } from "#engines/sql";
import type { TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { lockStock } from "../books/known.ts";
import { keepOffer } from "../books/offers.ts";
import { keepSale } from "../books/sales.ts";
import type { Gate } from "../gate/gate.ts";
import { openSale } from "../gate/image.testing.ts";
import { type MemoryGate, openMemoryGate } from "../gate/memory.ts";
import { openInventoryDatabase, openTestInventory } from "../inventory.testing.ts";
import type { Inventory } from "../inventory.ts";
import { imagesOf } from "./images.ts";
import type { Repair } from "./repairs.ts";

const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };

describe("repairs of products that become right meanwhile", () => {
  let database: TestDatabase;
  let memory: MemoryGate;
  let inventory: Inventory;
  const closes: (() => Promise<unknown>)[] = [];
  const closed: string[] = [];
  const reported: Repair[] = [];
  /** What others do while settlement is waited for, and between the last comparison and the closing. */
  let duringDrain = async () => {};
  let beforeClose = async () => {};

  before(async () => {
    database = await openInventoryDatabase();
    closes.push(() => database.close());
    memory = openMemoryGate();
    const gate: Gate = {
      ...memory,
      async close(productId, seenEpoch) {
        await beforeClose();
        const closing = await memory.close(productId, seenEpoch);
        if (closing !== "") closed.push(productId);
        return closing;
      },
    };
    const opened = await openTestInventory(database, gate, { onRepaired: (repairs) => void reported.push(...repairs) });
    inventory = opened.inventory;
    closes.push(() => opened.log.close());
    const drained = () => duringDrain();
    const settlement = { drained, watermark: async () => async () => true, redrive: async () => {} };
    const running = await inventory.agreement.start(settlement);
    closes.push(() => running.stop());
  });
  after(async () => {
    for (const close of closes.toReversed()) await close();
  });
  afterEach(() => {
    duringDrain = async () => {};
    beforeClose = async () => {};
    closed.length = 0;
    reported.length = 0;
  });

  async function known(productId: string): Promise<void> {
    await database.sql.transaction((tx) => keepOffer(tx, productId, offer));
  }
  const isOpen = async (productId: string) => (await memory.snapshot([productId]))[0]?.open === true;

  /** A product is open again before its repair is told, so the one of the last test may be told in this one. */
  async function reasonsOf(productId: string) {
    const repairs = () => reported.filter((repair) => repair.productId === productId);
    await until(() => repairs().length > 0);
    return repairs().map(({ reason }) => reason);
  }

  /** As the consumer of product events does after its commit. */
  async function putOnSale(productId: string): Promise<void> {
    for (const image of await readImages(database.sql, productId)) await memory.install(image);
  }

  test("a product that was loaded meanwhile is not closed by a repair", async () => {
    duringDrain = () => putOnSale("new lamp");
    await known("new lamp");
    await known("lost lamp");
    inventory.agreement.suspect("new lamp");
    inventory.agreement.suspect("lost lamp");
    assert.deepEqual(await reasonsOf("lost lamp"), ["not_loaded"]);
    assert.deepEqual(
      reported.filter(({ productId }) => productId === "new lamp"),
      [],
    );
    assert.deepEqual([await isOpen("lost lamp"), await isOpen("new lamp")], [true, true]);
    assert.deepEqual(closed, ["lost lamp"]);
  });

  test("a product that is loaded between the last comparison and the closing is not closed either", async () => {
    beforeClose = () => putOnSale("new chair");
    await known("new chair");
    const reports = await inventory.agreement.sync(false);
    assert.deepEqual(closed, []);
    assert.deepEqual(reported, []);
    assert.equal(await isOpen("new chair"), true);
    assert.deepEqual(
      reports.filter(({ productId }) => productId === "new chair").map(({ action, epoch }) => [action, epoch]),
      [["verified", 1]],
    );
  });

  test("a price that the books have lost is not sold by, also once another one has its version", async () => {
    const priceAtGate = async () => (await memory.snapshot(["desk"]))[0]?.offer?.unitPriceMinor;
    await known("desk");
    await putOnSale("desk");
    // A primary that was lost had committed it.
    await memory.setOffer("desk", { ...offer, unitPriceMinor: 9_900, version: 2 });
    await until(async () => (await priceAtGate()) === 4_900);
    await memory.setOffer("desk", { ...offer, unitPriceMinor: 9_900, version: 2 });
    const next = { ...offer, unitPriceMinor: 5_900, version: 2 };
    await database.sql.transaction((tx) => keepOffer(tx, "desk", next));
    await until(async () => (await priceAtGate()) === 5_900);
    assert.deepEqual(new Set(await reasonsOf("desk")), new Set(["price_ahead"]));
  });

  test("terms of a sale that the books have lost are not gone by, once others have their version", async () => {
    await known("stool");
    await putOnSale("stool");
    const sale = { ...openSale, version: 7 };
    // A primary that was lost had committed it; the one that took over gave the version again.
    await memory.setSale("stool", sale);
    await database.sql.transaction((tx) => keepSale(tx, "stool", { ...sale, paused: true }));
    await until(async () => (await memory.snapshot(["stool"]))[0]?.sale?.paused === true);
    assert.deepEqual(await reasonsOf("stool"), ["sale_ahead"]);
  });

  test("sync-redis of everything closes and loads the products that agree, too", async () => {
    const reports = await inventory.agreement.sync(true);
    assert.deepEqual(new Set(reports.map(({ action }) => action)), new Set(["rebuilt"]));
    assert.deepEqual(closed.toSorted(), reports.map(({ productId }) => productId).toSorted());
  });
});

function readImages(sql: Sql, productId: string) {
  return sql.transaction(async (tx) => imagesOf(tx, [...(await lockStock(tx, [productId])).values()]));
}
