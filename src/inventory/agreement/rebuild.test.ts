import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { keepOffer } from "../books/offers.ts";
import { type Gate, GateUnavailable } from "../gate/gate.ts";
import { type MemoryGate, openMemoryGate } from "../gate/memory.ts";
import { openInventoryDatabase, openTestInventory } from "../inventory.testing.ts";
import type { Inventory } from "../inventory.ts";

const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };
const settlement = { drained: async () => {}, watermark: async () => async () => true, redrive: async () => {} };

describe("many products at once", () => {
  let database: TestDatabase;
  let memory: MemoryGate;
  let inventory: Inventory;
  const productIds = Array.from({ length: 230 }, (_, i) => `lamp-${String(i).padStart(3, "0")}`);
  const closes: (() => Promise<unknown>)[] = [];
  /** Requests to the gate: products of one snapshot, products closed at one moment. */
  const most = { looked: 0, closed: 0 };
  const closed = new Set<string>();
  let cursed = "";

  before(async () => {
    database = await openInventoryDatabase();
    closes.push(() => database.close());
    memory = openMemoryGate();
    const gate: Gate = {
      ...memory,
      snapshot(ids) {
        most.looked = Math.max(most.looked, ids?.length ?? Number.POSITIVE_INFINITY);
        return memory.snapshot(ids);
      },
      async close(productId, seenEpoch) {
        closed.add(productId);
        most.closed = Math.max(most.closed, closed.size);
        return memory.close(productId, seenEpoch);
      },
      async install(image, closing) {
        if (image.productId === cursed) throw new Error("this product cannot be loaded");
        closed.delete(image.productId);
        return memory.install(image, closing);
      },
    };
    const opened = await openTestInventory(database, gate);
    inventory = opened.inventory;
    closes.push(() => opened.log.close());
    await database.sql.transaction(async (tx) => {
      for (const productId of productIds) await keepOffer(tx, productId, offer);
    });
    const running = await inventory.agreement.start(settlement);
    closes.push(() => running.stop());
  });
  after(async () => {
    for (const close of closes.toReversed()) await close();
  });

  const openProducts = async () => (await memory.snapshot(productIds)).filter(({ open }) => open).length;

  test("O30: a rebuild of all that sell closes a few of them at a time", async () => {
    assert.equal(await openProducts(), productIds.length);
    most.closed = 0;
    const reports = await inventory.agreement.sync(true);
    assert.deepEqual(new Set(reports.map(({ action }) => action)), new Set(["rebuilt"]));
    assert.ok(most.closed <= 25, `${most.closed} were closed at once`);
    assert.equal(await openProducts(), productIds.length);
  });

  test("O30: a product that cannot be loaded keeps no other one closed", async () => {
    cursed = productIds[30] ?? "";
    await assert.rejects(inventory.agreement.sync(true), /this product cannot be loaded/);
    assert.equal(await openProducts(), productIds.length - 1);
    cursed = "";
    await inventory.agreement.sync(false);
    assert.equal(await openProducts(), productIds.length);
  });

  test("O30: reconcile and sync-redis read a page of products at a time", async () => {
    most.looked = 0;
    assert.equal((await inventory.agreement.reconciliation.run()).products.length, productIds.length);
    await inventory.agreement.sync(false);
    assert.ok(most.looked > 0 && most.looked <= 200, `${most.looked} at once`);
  });
});

test("a price that came while a product was loaded reaches the gate also if the rebuild died before it told it", async (t) => {
  const database = await openInventoryDatabase();
  t.after(() => database.close());
  const { sql } = database;
  const memory = openMemoryGate();
  const later = { ...offer, unitPriceMinor: 5_900, version: 2 };
  let isChanging = false;
  const gate: Gate = {
    ...memory,
    async install(image, closing) {
      if (isChanging) {
        await sql.transaction((tx) => keepOffer(tx, image.productId, later));
        await memory.setOffer(image.productId, later);
      }
      return memory.install(image, closing);
    },
    async setOffer(productId, one) {
      if (isChanging) throw new GateUnavailable("set-offer", new Error("the process has died"));
      return memory.setOffer(productId, one);
    },
  };
  const opened = await openTestInventory(database, gate);
  t.after(() => opened.log.close());
  await sql.transaction((tx) => keepOffer(tx, "lamp", offer));
  const running = await opened.inventory.agreement.start(settlement);
  t.after(() => running.stop());
  isChanging = true;
  await assert.rejects(opened.inventory.agreement.sync(true), GateUnavailable);
  isChanging = false;
  await until(async () => (await memory.snapshot(["lamp"]))[0]?.offer?.version === 2);
});
