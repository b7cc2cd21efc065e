import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PlacedOrder, Reconciliation, StockSync } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { accepted, allBuy, assertAccountsFor, keepBuying, untilMoreAccepted } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

describe("disaster recovery", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const reconcile = async () => (await world.admin.get<Reconciliation>("/admin/reconcile")).body;

  describe("the gate lost its data", () => {
    test("it is loaded again by itself, with the units that orders hold left out", async () => {
      const productId = await world.newProduct({ stock: 10 });
      const answers = await allBuy(world, productId, 4);
      await world.untilAtRest(productId);
      await world.faults.loseGate();
      const { held, available, gate } = await assertAccountsFor(world, productId, answers);
      assert.deepEqual({ held, available, gate }, { held: 4, available: 6, gate: 6 });
      assert.equal((await reconcile()).status, "OK");
    });

    test("it has the units of each customer again", async () => {
      const productId = await world.newProduct({ stock: 10, limitPerCustomer: 2 });
      const ada = world.as("ada");
      await world.place(ada, productId, 2);
      await world.untilAtRest(productId);
      await world.faults.loseGate();
      await world.admin.post("/admin/sync-redis");
      const refused = await ada.post("/orders", { productId, quantity: 1 });
      assert.equal(refused.body.code, "limit_per_customer");
    });

    test("an order that was lost before it reached the books counts once: sync-redis, then reconcile says OK", async () => {
      const productId = await world.newProduct({ stock: 50 });
      const buying = keepBuying(world, productId);
      await untilMoreAccepted(buying.soFar, 20);
      await world.faults.loseGate();
      const { status, body } = await world.admin.post<StockSync>("/admin/sync-redis");
      assert.equal(status, 200);
      assert.ok(body.products.some((product) => product.productId === productId));
      const answers = await buying.stop();
      await assertAccountsFor(world, productId, answers);
      assert.equal((await reconcile()).status, "OK");
    });
  });

  describe("gate and books disagree", () => {
    /**
     * The gate applied a change that never happened, in place of a real one: from then on its sum is off by `units`. It
     * may be repaired before the test looks, so this repeats until the test has seen it.
     */
    async function seenDrift(productId: string, units: number) {
      return eventually(async () => {
        await world.faults.skewGate(productId, units + 1);
        await world.admin.post(`/inventory/${productId}/restock`, { quantity: 1, reason: "the change that is lost" });
        const report = await world.reportOf(productId);
        return report.drift !== 0 && report;
      });
    }

    for (const [units, status] of [
      [3, "WARNING"],
      [-9, "WARNING"],
      [10, "CRITICAL"],
      [-25, "CRITICAL"],
    ] as const) {
      test(`B2: a drift of ${units} units is ${status}, explained, and repaired by sync-redis`, async () => {
        const productId = await world.newProduct({ stock: 100 });
        const report = await seenDrift(productId, units);
        assert.equal(report.drift, units);
        assert.equal(report.status, status);
        assert.match(report.explanation, /run sync-redis$/);
        assert.equal((await world.admin.post("/admin/sync-redis")).status, 200);
        const { available, gate } = await world.untilAtRest(productId);
        assert.equal(gate, available);
      });
    }

    test("B2: a release that never reached the gate is named with its order, and repaired by sync-redis", async () => {
      const productId = await world.newProduct({ stock: 5 });
      const ada = world.as("ada");
      // It is repaired within seconds, with or without the test.
      const { report, orderId } = await eventually(async () => {
        const { orderId } = await world.place(ada, productId);
        await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
        await world.untilAtRest(productId);
        await world.faults.skewGate(productId, 0);
        assert.equal((await ada.post(`/orders/${orderId}/cancel`)).status, 202);
        const report = await eventually(async () => {
          const found = await world.reportOf(productId);
          return (found.drift !== 0 || found.held === 0) && found;
        });
        return report.drift === -1 && { report, orderId };
      });
      assert.match(report.explanation, new RegExp(`as if change \\d+ had not come: order ${orderId} released, 1`));
      assert.equal((await world.admin.post("/admin/sync-redis")).status, 200);
      assert.equal((await world.untilAtRest(productId)).gate, 5);
    });

    test("S1, B2: it is repaired during orders, and the units that never existed are not sold", async () => {
      const productId = await world.newProduct({ stock: 40 });
      const buying = keepBuying(world, productId);
      await untilMoreAccepted(buying.soFar, 10);
      await world.faults.skewGate(productId, 20);
      await eventually(async () => (await world.reportOf(productId)).gate === 0);
      const answers = await buying.stop();
      const stock = await world.untilAtRest(productId);
      assert.equal(stock.held + stock.available, 40);
      assert.ok(accepted(answers).length >= stock.held);
    });
  });

  describe("the database was restored from a backup", () => {
    const shownPrice = async (productId: string) =>
      (await world.admin.get<{ price: number }>(`/products/${productId}`)).body.price;

    /** An order at the price that the shop shows. */
    async function boughtAsShown(productId: string) {
      return eventually(async () => {
        const order = { productId, quantity: 1, expectedTotal: await shownPrice(productId) };
        const { status, body } = await world.as("ada").post<PlacedOrder>("/orders", order);
        return status === 202 && body.total;
      });
    }

    test("prices that it lost bind no buyer, and those that are entered from then on do", async () => {
      const productId = await world.newProduct({ stock: 6, price: 1_000 });
      for (const price of [2_000, 3_000]) await world.admin.patch(`/products/${productId}`, { price });
      const sql = world.system.faces.engines.sql("test", 1);
      await sql.query("delete from catalog.price_history where product_id = $1 and version > 1", [productId]);
      await sql.query("update catalog.products set version = 1, price_minor = 1000 where product_id = $1", [productId]);
      assert.equal(await boughtAsShown(productId), 1_000);
      await world.admin.patch(`/products/${productId}`, { price: 2_900 });
      assert.equal(await boughtAsShown(productId), 2_900);
    });

    test("a price reaches the gate also if the log loses its event", async () => {
      const productId = await world.newProduct({ stock: 6, price: 1_000 });
      const sql = world.system.faces.engines.sql("test", 1);
      await sql.query("update catalog.products set version = 2, price_minor = 2000 where product_id = $1", [productId]);
      assert.equal(await boughtAsShown(productId), 2_000);
    });

    test("a gate that is ahead of the books is CRITICAL, and is loaded again", async () => {
      const productId = await world.newProduct({ stock: 6 });
      // It is closed and loaded again by itself within seconds, with or without the test.
      const report = await eventually(async () => {
        await world.faults.skewGate(productId, 5);
        const found = await world.reportOf(productId);
        return /^the gate knows/.test(found.explanation) && found;
      });
      assert.equal(report.status, "CRITICAL");
      assert.match(report.explanation, /the gate knows change \d+, the books end at \d+/);
      await world.admin.post("/admin/sync-redis");
      assert.equal((await world.untilAtRest(productId)).gate, 6);
    });

    test("books that contradict themselves are CRITICAL until they are corrected", async () => {
      const productId = await world.newProduct({ stock: 5 });
      const sql = world.system.faces.engines.sql("test", 1);
      const add = (units: number) =>
        sql.query("update inventory.stock set total_in = total_in + $2 where product_id = $1", [productId, units]);
      await add(3);
      const report = await world.reportOf(productId);
      assert.equal(report.status, "CRITICAL");
      assert.equal(report.explanation, "8 units came in, the entries add up to 5");
      assert.equal((await reconcile()).status, "CRITICAL");
      await add(-3);
      assert.equal((await world.untilAtRest(productId)).available, 5);
      assert.equal((await reconcile()).status, "OK");
    });
  });
});
