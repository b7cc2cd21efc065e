/** The sweeper on a Redis in which records were changed by hand. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { keepOffer } from "../books/offers.ts";
import type { Gate, Reservation } from "../gate/gate.ts";
import {
  memoryNonces,
  offer,
  openTestGate,
  rebuilt,
  requestOf,
  skipWithoutRedis,
  startTestRedis,
  type TestRedis,
  unitsOf,
} from "../gate/redis/redis.testing.ts";
import { openInventoryDatabase, openTestInventory } from "../inventory.testing.ts";
import type { Inventory } from "../inventory.ts";

describe("a record that was changed by hand", { skip: skipWithoutRedis }, () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let gate: Gate;
  let inventory: Inventory;
  const faults: string[] = [];
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
    const opened = await openTestInventory(database, gate, {
      onFault: (what, error) => faults.push(`${what}: ${String(error)}`),
    });
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

  let orders = 0;

  /** Not young any more, by the time at which it was taken. */
  async function abandon(productId: string, agoMs = 60_000): Promise<Reservation> {
    orders += 1;
    const orderId = `00000000-0000-8000-8000-${String(orders).padStart(12, "0")}`;
    const [answer] = await gate.reserve([requestOf(productId, { orderId, userId: "ada", nowMs: Date.now() - agoMs })]);
    assert.ok(answer?.kind === "reserved");
    return answer.reservation;
  }

  async function change({ productId, orderId }: Reservation, from: RegExp, to: string): Promise<void> {
    const key = `g:{${productId}}:r`;
    const text = await redis.ask<string>("HGET", key, orderId);
    assert.match(text, from);
    await redis.ask("HSET", key, orderId, text.replace(from, to));
  }

  const areBack = (productId: string) =>
    until(async () => {
      const units = await unitsOf(gate, productId);
      return units?.sellable === 5 && units.pending === 0;
    });

  const harms: [harm: string, from: RegExp, to: string][] = [
    ["is no record any more", /^.*$/, "by hand"],
    ["has no quantity any more", /^(..\|\d+\|[^|]*\|)\d+/, "$1many"],
    ["has a customer whom the books cannot store", /ada$/, "a\u0000da"],
    ["has a price that is no number", /4900/, "49.00 EUR"],
  ];
  for (const [harm, from, to] of harms) {
    test(`and ${harm} keeps no other one waiting, and its units come back`, async () => {
      const [lamp, vase] = [`lamp ${harm}`, `vase ${harm}`];
      for (const productId of [lamp, vase]) await newProduct(productId);
      faults.length = 0;
      // Taken in the same moment as the others would be found, so the harm is done before the sweeper comes.
      const broken = await abandon(lamp, 0);
      await change(broken, from, to);
      await abandon(lamp, 70_000);
      await abandon(vase);
      for (const productId of [lamp, vase]) await areBack(productId);
      const { status } = await inventory.agreement.reconciliation.run([lamp, vase]);
      assert.equal(status, "OK");
      assert.ok(faults.length <= 1, faults.join("\n"));
    });
  }
});
