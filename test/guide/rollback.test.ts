import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import type { Answer, Order, PlacedOrder, Problem, StockSync } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { accepted, allBuy, assertAccountsFor, keepBuying, type OrderAnswer, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
type Switch = { mode: string; ready: boolean; changedBy: string; changedAt: string };

describe("rollback strategy", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  function refusalsOf(answers: readonly OrderAnswer[]): string[] {
    return Object.keys(tally(answers)).filter((code) => code !== "accepted");
  }

  function assertOnly(codes: readonly string[], allowed: readonly string[]): void {
    assert.deepEqual(
      codes.filter((code) => !allowed.includes(code)),
      [],
    );
  }

  describe("option 1: disable the gatekeeper", () => {
    afterEach(async () => {
      disarmCrashPoints();
      await switchTo("gatekeeper");
    });

    async function switchTo(mode: string): Promise<void> {
      const { status, body } = await world.admin.put<Switch>("/admin/gatekeeper", { mode });
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual([body.mode, body.ready, body.changedBy], [mode, true, "admin"]);
      assert.deepEqual((await world.admin.get<Switch>("/admin/gatekeeper")).body, body);
    }

    test("the switch goes to sync and back during orders, and never more units are sold than exist", async () => {
      const plenty = await world.newProduct({ stock: 10_000 });
      const scarce = await world.newProduct({ stock: 40 });
      const buyingPlenty = keepBuying(world, plenty, 4);
      const buyingScarce = keepBuying(world, scarce, 4);
      const someMore = async () => {
        const soFar = accepted(buyingPlenty.soFar).length;
        await eventually(() => accepted(buyingPlenty.soFar).length >= soFar + 6);
      };
      for (const mode of ["sync", "gatekeeper", "sync", "gatekeeper"]) {
        await someMore();
        await switchTo(mode);
      }
      await eventually(() => tally(buyingScarce.soFar).sold_out);
      await someMore();
      await switchTo("closed");
      await eventually(() => tally(buyingPlenty.soFar).closed);

      const answers = [await buyingPlenty.stop(), await buyingScarce.stop()] as const;
      await switchTo("gatekeeper");
      assertOnly(refusalsOf(answers.flat()), [
        "sold_out",
        "closed",
        "price_not_available",
        "order_failed",
        "outcome_pending",
      ]);
      await assertAccountsFor(world, plenty, answers[0]);
      const { held, available } = await assertAccountsFor(world, scarce, answers[1]);
      assert.equal(held + available, 40);
    });

    test("in mode sync an order is answered in the same shape, and is already decided", async () => {
      const productId = await world.newProduct({ stock: 5, price: 700 });
      const gated = await world.as("ada").post<PlacedOrder>("/orders", { productId, quantity: 1 });
      await switchTo("sync");
      const direct = await world.as("bob").post<PlacedOrder>("/orders", { productId, quantity: 2 });
      assert.equal(direct.status, 202);
      assert.deepEqual(Object.keys(direct.body), Object.keys(gated.body));
      assert.equal(direct.headers.location, direct.body.statusUrl);
      assert.equal(direct.body.status, "INVENTORY_RESERVED");
      assert.equal(direct.body.total, 1_400);
    });

    test("in mode sync the refusals are the same, and an order is paid like any other", async () => {
      const productId = await world.newProduct({ stock: 3, price: 700, limitPerCustomer: 2 });
      await switchTo("sync");
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId, 2);
      const refusals = await Promise.all([
        ada.post("/orders", { productId, quantity: 1 }),
        world.as("bob").post("/orders", { productId, quantity: 1, expectedTotal: 1 }),
        world.as("bob").post("/orders", { productId: "no-such-product", quantity: 1 }),
        world.as("bob").post("/orders", { productId, quantity: 2 }),
      ]);
      assert.deepEqual(
        refusals.map(({ status, body }) => [status, body.code]),
        [
          [409, "limit_per_customer"],
          [409, "price_changed"],
          [404, "product_not_found"],
          [409, "sold_out"],
        ],
      );
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await world.untilStatus(ada, orderId, "CONFIRMED");
      await switchTo("gatekeeper");
      const { sold, available, gate } = await world.untilAtRest(productId);
      assert.deepEqual({ sold, available, gate }, { sold: 2, available: 1, gate: 1 });
    });

    test("three hundred buyers in mode sync buy exactly the existing units", async () => {
      const productId = await world.newProduct({ stock: 30 });
      await switchTo("sync");
      const answers = await allBuy(world, productId, 300);
      assert.deepEqual(tally(answers), { accepted: 30, sold_out: 270 });
      await switchTo("gatekeeper");
      await assertAccountsFor(world, productId, answers);
    });

    test("orders that were accepted before the switch are processed after it", async () => {
      const productId = await world.newProduct({ stock: 20 });
      armCrashPoint("settle.before-commit", { kind: "error" });
      const answers = await allBuy(world, productId, 10);
      assert.deepEqual(tally(answers), { accepted: 10 });
      const switched = switchTo("sync");
      const [first] = answers as [OrderAnswer, ...OrderAnswer[]];
      assert.equal((await first.buyer.get<Order>(first.body.statusUrl)).body.status, "PENDING");
      disarmCrashPoints();
      await switched;
      for (const { buyer, body } of answers) await world.untilStatus(buyer, body.orderId, "PAYMENT_PENDING");
      await switchTo("gatekeeper");
      await assertAccountsFor(world, productId, answers);
    });

    test("a key names one order on both sides of the switch", async () => {
      const productId = await world.newProduct({ stock: 10 });
      const ada = world.as("ada");
      const order = (key: string, quantity = 1) =>
        ada.post<PlacedOrder & Problem>("/orders", { productId, quantity }, { "idempotency-key": key });
      const gated = await order("above");
      await switchTo("sync");
      const gatedAgain = await order("above");
      const direct = await order("below");
      await switchTo("gatekeeper");
      const directAgain = await order("below");
      assert.deepEqual([gatedAgain.status, directAgain.status], [202, 202]);
      assert.equal(gatedAgain.body.orderId, gated.body.orderId);
      assert.equal(directAgain.body.orderId, direct.body.orderId);
      assert.equal((await order("below", 2)).body.code, "idempotency_mismatch");
      assert.equal((await world.untilAtRest(productId)).held, 2);
    });

    test("mode closed refuses new orders with Retry-After, lets the accepted ones go on, and survives a restart", async () => {
      const productId = await world.newProduct({ stock: 2 });
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId);
      await switchTo("closed");
      await world.restart();
      const refused = await ada.post("/orders", { productId, quantity: 1 });
      assert.equal(refused.status, 503);
      assert.equal(refused.body.code, "closed");
      assert.ok(Number(refused.headers["retry-after"]) > 0);
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await world.untilStatus(ada, orderId, "CONFIRMED");
    });
  });

  describe("option 2: the gate fails", () => {
    test('G8: orders fail fast with "Price not available", and sync-redis restores the stock', async () => {
      const productId = await world.newProduct({ stock: 30 });
      const before = await allBuy(world, productId, 20);
      assert.deepEqual(tally(before), { accepted: 20 });
      const ada = world.as("ada");
      // The gate is loaded again by itself within moments; the first request sees that it was lost.
      const refused = await eventually(async () => {
        await world.faults.loseGate();
        const answer = await ada.post("/orders", { productId, quantity: 1 });
        return answer.status !== 202 && answer;
      });
      assert.equal(refused.status, 503);
      assert.equal(refused.body.code, "price_not_available");
      assert.match(refused.body.detail, /^Price not available/);
      assert.ok(Number(refused.headers["retry-after"]) > 0);

      const { status, body } = await world.admin.post<StockSync>("/admin/sync-redis");
      assert.equal(status, 200);
      const { available } = await world.untilAtRest(productId);
      assert.equal(body.products.find((product) => product.productId === productId)?.sellable, available);
      for (const { buyer, body } of before) await world.untilStatus(buyer, body.orderId, "PAYMENT_PENDING");
      await world.place(ada, productId);
    });

    test("a gate that is lost repeatedly under load sells no unit twice and loses no promised order", async () => {
      const productId = await world.newProduct({ stock: 50 });
      const buying = keepBuying(world, productId);
      for (let loss = 1; loss <= 4; loss += 1) {
        // An order whose answer is not known yet may hold its unit.
        await eventually(() => {
          const { accepted = 0, outcome_pending = 0, sold_out = 0 } = tally(buying.soFar);
          return accepted + outcome_pending >= 8 * loss || sold_out > 0;
        });
        await world.faults.loseGate();
      }
      await eventually(() => tally(buying.soFar).sold_out);
      const answers = await buying.stop();
      assertOnly(refusalsOf(answers), ["price_not_available", "outcome_pending", "order_failed", "sold_out"]);
      const { held, available } = await assertAccountsFor(world, productId, answers);
      assert.equal(held + available, 50);
    });

    test("an order that was accepted just before the loss is confirmed", async () => {
      const productId = await world.newProduct({ stock: 1 });
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId);
      await world.faults.loseGate();
      await world.untilStatus(ada, orderId, "INVENTORY_RESERVED", "PAYMENT_PENDING");
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await world.untilStatus(ada, orderId, "CONFIRMED");
    });
  });

  describe("option 3: the log fails", () => {
    afterEach(async () => {
      disarmCrashPoints();
      await world.faults.restoreLog();
    });

    test("H7: orders fail for good and hold nothing; accepted ones go on; afterwards orders are accepted", async () => {
      const productId = await world.newProduct({ stock: 50 });
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId);
      await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
      await world.faults.loseLog();
      const answers = await allBuy(world, productId, 30);
      assert.deepEqual(tally(answers), { order_failed: 30 });
      assert.ok(answers.every(({ status, headers }) => status === 503 && Number(headers["retry-after"]) > 0));
      assert.equal((await world.untilAtRest(productId)).available, 49);
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await world.untilStatus(ada, orderId, "CONFIRMED");

      await world.faults.restoreLog();
      const bob = world.as("bob");
      const order = () => bob.post<PlacedOrder>("/orders", { productId, quantity: 1 });
      const placed = await eventually(async () => {
        const answer = await order();
        return answer.status === 202 && answer;
      });
      await world.untilStatus(bob, placed.body.orderId, "PAYMENT_PENDING");
      assert.equal((await world.untilAtRest(productId)).held, 1);
    });

    test("a price that changes meanwhile arrives afterwards", async () => {
      const productId = await world.newProduct({ stock: 5, price: 100 });
      await world.faults.loseLog();
      const changed = await world.admin.patch(`/products/${productId}`, { price: 200 });
      assert.equal(changed.status, 200);
      await world.faults.restoreLog();
      const ada = world.as("ada");
      await eventually(
        async () => (await ada.post("/orders", { productId, quantity: 1, expectedTotal: 200 })).status === 202,
      );
    });

    test("H4: an order that was stored although its append failed is either accepted or void, never both", async () => {
      const productId = await world.newProduct({ stock: 40 });
      const answers: OrderAnswer[] = [];
      await world.faults.loseLogAnswers();
      await eventually(async () => {
        answers.push(...(await allBuy(world, productId, 5)));
        return answers.length >= 40;
      });
      await world.faults.restoreLog();
      assertOnly(refusalsOf(answers), ["order_failed", "outcome_pending"]);
      await assertAccountsFor(world, productId, answers);
      await eventually(async () => {
        answers.push(...(await allBuy(world, productId, 20)));
        return tally(answers).sold_out;
      });
      const { held } = await assertAccountsFor(world, productId, answers);
      assert.equal(held, 40);
    });

    describe("if log and database fail together", () => {
      let productId: string;
      const ada = () => world.as("ada");
      const order = (key: string) =>
        ada().post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 }, { "idempotency-key": key });
      const untilTried = (key: string) =>
        eventually(async () => {
          const answer = await order(key);
          return answer.body.code !== "order_failed" && answer;
        });
      let undecided: Answer<PlacedOrder & Problem>[];
      before(async () => {
        productId = await world.newProduct({ stock: 3 });
        // Neither known to be in the log nor decided in the books.
        armCrashPoint("place.reserved", { kind: "error" });
        armCrashPoint("place.voiding", { kind: "error" });
        // While the latest append counts as failed, an order is refused before it reserves anything, except one in 250 ms.
        undecided = [await untilTried("retried"), await untilTried("given-up")];
        disarmCrashPoints();
      });

      test("an unknown outcome is answered as unknown, with the order's id", async () => {
        for (const { status, headers, body } of undecided) {
          assert.deepEqual([status, body.code], [503, "outcome_pending"]);
          assert.ok(Number(headers["retry-after"]) > 0);
          assert.equal((await ada().get<Order>(`/orders/${body.orderId}`)).body.status, "PENDING");
        }
        const { status, inFlight } = await world.reportOf(productId);
        assert.deepEqual([status, inFlight], ["OK", 2]);
      });

      test("a retry under the key gets the outcome, and makes one order", async () => {
        const placed = await eventually(async () => {
          const answer = await order("retried");
          return answer.status === 202 && answer;
        });
        assert.equal(placed.body.orderId, undecided[0]?.body.orderId);
        await world.untilStatus(ada(), placed.body.orderId, "PAYMENT_PENDING");
        assert.equal((await world.untilAtRest(productId)).held, 1);
      });

      test("a void order shows as failed, holds nothing, and can be neither paid nor cancelled", async () => {
        const orderId = undecided[1]?.body.orderId ?? assert.fail();
        const failed = await world.untilStatus(ada(), orderId, "FAILED");
        assert.equal(failed.reason, "order_failed");
        assert.equal((await world.untilAtRest(productId)).available, 2);
        for (const answer of [
          await payOrder(ada(), orderId, goodCard),
          await ada().post(`/orders/${orderId}/cancel`),
        ]) {
          assert.deepEqual([answer.status, answer.body.code], [409, "order_ended"]);
        }
      });
    });
  });
});
