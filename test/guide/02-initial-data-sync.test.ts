import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PlacedOrder, StockSync } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { assertAccountsFor, keepBuying, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

describe("2. initial data sync", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const sync = (query = "") => world.admin.post<StockSync>(`/inventory/admin/sync-redis${query}`);

  for (const path of ["/inventory/admin/sync-redis", "/admin/sync-redis"]) {
    test(`POST ${path} answers for each product what it did and how many units the gate may sell`, async () => {
      const lamp = await world.newProduct({ stock: 7 });
      const chair = await world.newProduct({ stock: 0 });
      const { status, body } = await world.admin.post<StockSync>(path);
      assert.equal(status, 200);
      const of = (id: string) => body.products.find((product) => product.productId === id);
      assert.deepEqual(of(lamp), { productId: lamp, action: "verified", epoch: 1, sellable: 7 });
      assert.deepEqual(of(chair), { productId: chair, action: "verified", epoch: 1, sellable: 0 });
    });
  }

  test("?mode=rebuild loads every product again, in a new epoch, and changes no stock", async () => {
    const productId = await world.newProduct({ stock: 5 });
    await world.place(world.as("ada"), productId, 2);
    const { body } = await sync("?mode=rebuild");
    const rebuilt = body.products.find((product) => product.productId === productId);
    assert.deepEqual(rebuilt, { productId, action: "rebuilt", epoch: 2, sellable: 3 });
    const { held, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual({ held, available, gate }, { held: 2, available: 3, gate: 3 });
  });

  test("checking while orders come in refuses none of them", async () => {
    const productId = await world.newProduct({ stock: 10_000 });
    const buying = keepBuying(world, productId);
    for (let turn = 0; turn < 5; turn += 1) {
      await eventually(() => buying.soFar.length >= 8 * turn);
      assert.equal((await sync()).status, 200);
    }
    const answers = await buying.stop();
    assert.deepEqual(Object.keys(tally(answers)), ["accepted"]);
    await assertAccountsFor(world, productId, answers);
  });

  test("rebuilding while orders come in loses and doubles none of them", async () => {
    const productId = await world.newProduct({ stock: 10_000 });
    const buying = keepBuying(world, productId);
    for (let turn = 0; turn < 4; turn += 1) {
      await eventually(() => buying.soFar.length >= 10 * turn);
      assert.equal((await sync("?mode=rebuild")).status, 200);
    }
    const answers = await buying.stop();
    // A closed gate refuses at once; the outcome of an order that it had taken but not promised is not known yet.
    const told = Object.keys(tally(answers));
    const allowed = ["accepted", "price_not_available", "order_failed", "outcome_pending"];
    assert.deepEqual(
      told.filter((code) => !allowed.includes(code)),
      [],
    );
    await assertAccountsFor(world, productId, answers);
  });

  test("two rebuilds at once are as good as one", async () => {
    const productId = await world.newProduct({ stock: 3 });
    const answers = await Promise.all([sync("?mode=rebuild"), sync("?mode=rebuild"), sync()]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal((await world.untilAtRest(productId)).gate, 3);
  });

  test("G7: a start loads stock and prices by itself", async () => {
    const productId = await world.newProduct({ stock: 4, price: 250 });
    await world.restart();
    const placed = await world.place(world.as("ada"), productId, 2);
    assert.equal(placed.total, 500);
    assert.equal((await world.untilAtRest(productId)).gate, 2);
  });

  test("G11: a new price reaches the gate by itself, and a buyer who expects the old one is refused", async () => {
    const productId = await world.newProduct({ stock: 10, price: 1_000 });
    const changed = await world.admin.patch(`/products/${productId}`, { price: 1_200 });
    assert.equal(changed.status, 200);
    const ada = world.as("ada");
    const newPrice = await eventually(async () => {
      const { body } = await ada.post<PlacedOrder>("/orders", { productId, quantity: 1, expectedTotal: 1_200 });
      return body.total;
    });
    assert.equal(newPrice, 1_200);
    const old = await ada.post("/orders", { productId, quantity: 1, expectedTotal: 1_000 });
    assert.equal(old.status, 409);
    assert.equal(old.body.code, "price_changed");
    assert.equal((await world.untilAtRest(productId)).held, 1);
  });
});
