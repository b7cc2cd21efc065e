/** `sync-redis` without force on a Redis in which a part of a product was deleted by hand. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestDatabase } from "../../../test/support/database.ts";
import { keepOffer } from "../books/offers.ts";
import type { Gate } from "../gate/gate.ts";
import {
  memoryNonces,
  offer,
  openTestGate,
  rebuilt,
  requestOf,
  skipWithoutRedis,
  startTestRedis,
  type TestRedis,
} from "../gate/redis/redis.testing.ts";
import { openInventoryDatabase, openTestInventory } from "../inventory.testing.ts";
import type { Inventory } from "../inventory.ts";
import type { Repair } from "./repairs.ts";

describe("sync-redis compares more than sums", { skip: skipWithoutRedis }, () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let gate: Gate;
  let inventory: Inventory;
  const repairs: Repair[] = [];
  const closes: (() => Promise<unknown>)[] = [];

  before(async () => {
    database = await openInventoryDatabase();
    redis = await startTestRedis();
    closes.push(
      () => database.close(),
      () => redis.close(),
    );
    gate = await openTestGate(redis, memoryNonces());
    closes.push(() => gate.shutdown());
    const opened = await openTestInventory(database, gate, { onRepaired: (some) => repairs.push(...some) });
    inventory = opened.inventory;
    closes.push(() => opened.log.close());
    const books = { drained: async () => {}, watermark: async () => async () => true, redrive: async () => {} };
    const running = await inventory.agreement.start(books as never);
    closes.push(() => running.stop());
  });
  after(async () => {
    for (const close of closes.toReversed()) await close();
  });

  async function newProduct(productId: string): Promise<void> {
    await database.sql.transaction((tx) => keepOffer(tx, productId, offer));
    await rebuilt(gate, productId, { sellable: 0 });
    await inventory.books.enter({ productId, quantity: 5, kind: "restock", reason: "test", actor: "grace" });
  }

  async function syncedAfter(productId: string, ...harm: string[]) {
    const [answer] = await gate.reserve([
      requestOf(productId, { orderId: "00000000-0000-8000-8000-000000000001", userId: "ada" }),
    ]);
    assert.equal(answer?.kind, "reserved");
    await redis.ask(...harm);
    const report = (await inventory.agreement.sync(false)).find((one) => one.productId === productId);
    return { action: report?.action, says: repairs.findLast((one) => one.productId === productId)?.says };
  }

  test("O26: units in flight without a record are found, and come back", async () => {
    await newProduct("lamp");
    const { action, says } = await syncedAfter("lamp", "HDEL", "g:{lamp}:r", "00000000-0000-8000-8000-000000000001");
    assert.equal(action, "rebuilt");
    assert.equal(says, "the gate counted 1 in flight where its records held 0");
    const [snapshot] = await gate.snapshot(["lamp"]);
    assert.deepEqual([snapshot?.sellable, snapshot?.pending], [5, 0]);
  });

  test("O26: a customer whose holdings are gone is found", async () => {
    await newProduct("vase");
    const { action, says } = await syncedAfter("vase", "HDEL", "g:{vase}:u", "ada");
    assert.equal(action, "rebuilt");
    assert.equal(says, "the gate had other holdings than the books for 1 customers");
  });

  test("O26: a product without losses is verified, with an order under way", async () => {
    await newProduct("chair");
    const { action, says } = await syncedAfter("chair", "PING");
    assert.deepEqual([action, says], ["verified", undefined]);
  });
});
