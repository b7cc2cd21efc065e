import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { isFinal } from "../../src/orders/state.ts";
import type { Client, Order } from "../support/client.ts";
import { decideNow, endTimeToPay, holdDecision } from "../support/deadline.ts";
import { readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder, untilMoneyIs } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

/** Approved, and the provider decides when a test tells it to. */
const slowCard = { cardNumber: "4000 0000 0000 0909" };
const goodCard = { cardNumber: "4242424242424242" };

describe("a provider that decides after the window", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { PAYMENT_GRACE_MS: "0" } });
  });
  afterEach(disarmCrashPoints);
  after(() => world.close());

  /** An order whose units have gone back on sale while its payment is being decided. */
  async function expiredWhileDecided(buyer: Client, productId: string): Promise<string> {
    const { orderId } = await world.place(buyer, productId);
    await paySlowly(world, buyer, orderId);
    await endTimeToPay(world, orderId);
    await untilUndecided(buyer, orderId);
    return orderId;
  }

  async function untilUndecided(buyer: Client, orderId: string): Promise<Order> {
    const order = await eventually(async () => {
      const { body } = await buyer.get<Order>(`/orders/${orderId}`);
      return body.reason === "payment_undecided" && body;
    });
    assert.equal(order.status, "PAYMENT_PENDING");
    return order;
  }

  const decided = (orderId: string) => decideNow(world, orderId);

  // Side by side, because each of them waits for the look that ends orders.
  describe("while the gate is on", { concurrency: true }, () => {
    test("S8: a late payment with a free unit: the order is confirmed and paid once", async () => {
      const productId = await world.newProduct({ stock: 1 });
      const ada = world.as("ada");
      const orderId = await expiredWhileDecided(ada, productId);
      await decided(orderId);
      const order = await world.untilStatus(ada, orderId, "CONFIRMED");
      assert.equal(order.reason, undefined);
      assert.deepEqual(
        order.timeline.slice(-2).map(({ status, reason }) => [status, reason]),
        [
          ["PAYMENT_PENDING", "payment_undecided"],
          ["CONFIRMED", "paid_late"],
        ],
      );
      await untilMoneyIs(ada, orderId, "captured");
      const { sold, available, gate } = await world.untilAtRest(productId);
      assert.deepEqual({ sold, available, gate }, { sold: 1, available: 0, gate: 0 });
      assert.equal((await world.reportOf(productId)).status, "OK");
    });

    for (const { end, unitIsGone } of [
      { end: "CONFIRMED", unitIsGone: false },
      { end: "FAILED", unitIsGone: true },
    ]) {
      test(`O4: while the provider decides the order has no end in stream, GET or reconnect; then ${end}, once and for good`, async () => {
        const productId = await world.newProduct({ stock: 1 });
        const ada = world.as("ada");
        const watch = (orderId: string, lastEventId: number) =>
          readEvents(`${world.origin}/orders/${orderId}/events`, {
            authorization: `Bearer ${world.system.faces.identity.issue({ user: "ada", role: "CUSTOMER", ttlMs: 60_000 })}`,
            "last-event-id": String(lastEventId),
          });
        const { orderId } = await world.place(ada, productId);
        const first = await watch(orderId, 0);
        await paySlowly(world, ada, orderId);
        await endTimeToPay(world, orderId);
        const waiting = await untilUndecided(ada, orderId);
        await eventually(() => first.events.some(({ data }) => data.reason === "payment_undecided"));
        const seenBy = waiting.timeline.length;
        const second = await watch(orderId, seenBy);
        assert.deepEqual([second.status, second.ended, first.ended], [200, false, false]);
        if (unitIsGone) {
          await world.untilAtRest(productId);
          await world.admin.post(`/inventory/${productId}/adjust`, { delta: -1, reason: "it broke" });
        }
        await decided(orderId);
        await first.untilEnded();
        await second.untilEnded();
        const told = first.events.map(({ data }) => data.status);
        assert.deepEqual(
          told.filter((status) => isFinal(status)),
          [end],
        );
        assert.deepEqual(second.events.map(({ data }) => data.status).slice(-1), [end]);
        await untilMoneyIs(ada, orderId, unitIsGone ? "voided" : "captured");
        const { body } = await ada.get<Order>(`/orders/${orderId}`);
        assert.equal(body.status, end);
        assert.equal((await watch(orderId, body.timeline.length)).status, 204);
      });
    }

    test("O4: an order may still be cancelled while the provider decides, and then stays cancelled", async () => {
      const productId = await world.newProduct({ stock: 1 });
      const ada = world.as("ada");
      const orderId = await expiredWhileDecided(ada, productId);
      assert.equal((await ada.post(`/orders/${orderId}/cancel`)).status, 202);
      await decided(orderId);
      await untilMoneyIs(ada, orderId, "voided");
      assert.equal((await ada.get<Order>(`/orders/${orderId}`)).body.status, "CANCELLED");
      const { sold, available } = await world.untilAtRest(productId);
      assert.deepEqual({ sold, available }, { sold: 0, available: 1 });
    });

    test("S8: a late payment without a free unit: the money is given back, and the buyer of the unit keeps it", async () => {
      const productId = await world.newProduct({ stock: 1 });
      const [ada, bob] = [world.as("ada"), world.as("bob")];
      const orderId = await expiredWhileDecided(ada, productId);
      await world.untilAtRest(productId);
      const second = await world.place(bob, productId);
      assert.equal((await payOrder(bob, second.orderId, goodCard)).status, 202);
      await world.untilStatus(bob, second.orderId, "CONFIRMED");
      await decided(orderId);
      await untilMoneyIs(ada, orderId, "voided");
      const ended = (await ada.get<Order>(`/orders/${orderId}`)).body;
      assert.deepEqual([ended.status, ended.reason], ["FAILED", "payment_timeout"]);
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });

    test("S8: two late payments for one unit: one order is confirmed, the other refunded", async () => {
      const productId = await world.newProduct({ stock: 2 });
      const buyers = [world.as("ada"), world.as("bob")];
      const orders = await Promise.all(buyers.map((buyer) => expiredWhileDecided(buyer, productId)));
      await world.untilAtRest(productId);
      await world.admin.post(`/inventory/${productId}/adjust`, { delta: -1, reason: "one broke" });
      await Promise.all(orders.map(decided));
      const ended = await eventually(async () => {
        const found = await Promise.all(buyers.map((buyer, i) => buyer.get<Order>(`/orders/${orders[i]}`)));
        const told = found.map(({ body }) => `${body.status} ${body.payment?.status}`).toSorted();
        return told.every((one) => /captured|voided/.test(one)) && told;
      });
      assert.deepEqual(ended, ["CONFIRMED captured", "FAILED voided"]);
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });

    test("S8: a limit that the buyer has used up meanwhile holds, and the late payment is given back", async () => {
      const productId = await world.newProduct({ stock: 5, limitPerCustomer: 1 });
      const ada = world.as("carla");
      const orderId = await expiredWhileDecided(ada, productId);
      await world.untilAtRest(productId);
      const second = await world.place(ada, productId);
      assert.equal((await payOrder(ada, second.orderId, goodCard)).status, 202);
      await world.untilStatus(ada, second.orderId, "CONFIRMED");
      await decided(orderId);
      await untilMoneyIs(ada, orderId, "voided");
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });

    test("R2: a late payment does not restore an order that its buyer cancelled", async () => {
      const productId = await world.newProduct({ stock: 1 });
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId);
      await paySlowly(world, ada, orderId);
      assert.equal((await cancelOrder(ada, orderId)).status, 202);
      await decided(orderId);
      await untilMoneyIs(ada, orderId, "voided");
      assert.equal((await ada.get<Order>(`/orders/${orderId}`)).body.status, "CANCELLED");
      assert.equal((await world.untilAtRest(productId)).available, 1);
    });
  });

  test("S8: in mode sync, without the gate, it is the same", async () => {
    const productId = await world.newProduct({ stock: 1 });
    assert.equal((await world.admin.put("/admin/gatekeeper", { mode: "sync" })).status, 200);
    const ada = world.as("ada");
    const orderId = await expiredWhileDecided(ada, productId);
    await decided(orderId);
    await world.untilStatus(ada, orderId, "CONFIRMED");
    assert.equal((await world.admin.put("/admin/gatekeeper", { mode: "gatekeeper" })).status, 200);
    const { sold, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual({ sold, available, gate }, { sold: 1, available: 0, gate: 0 });
  });

  test("S8: a failure between the units and the books is tried again, and takes one unit", async () => {
    const productId = await world.newProduct({ stock: 3 });
    const ada = world.as("ada");
    const orderId = await expiredWhileDecided(ada, productId);
    armCrashPoint("restore.reserved", { kind: "error" }, 1);
    await decided(orderId);
    await world.untilStatus(ada, orderId, "CONFIRMED");
    const { sold, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual({ sold, available, gate }, { sold: 1, available: 2, gate: 2 });
  });

  test("S8: a gate that is loaded again between the units and the books ends no late payment: it takes other units", async () => {
    const productId = await world.newProduct({ stock: 3 });
    const ada = world.as("ada");
    const orderId = await expiredWhileDecided(ada, productId);
    await world.untilAtRest(productId);
    armCrashPoint("restore.reserved", { kind: "delay", ms: 3_000 }, 1);
    await decided(orderId);
    await eventually(async () => (await world.reportOf(productId)).inFlight === 1);
    const rebuilt = await world.admin.post("/admin/sync-redis?mode=rebuild");
    assert.equal(rebuilt.status, 200, JSON.stringify(rebuilt.body));
    assert.equal((await world.untilStatus(ada, orderId, "CONFIRMED", "FAILED")).status, "CONFIRMED");
    await untilMoneyIs(ada, orderId, "captured");
    const { sold, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual({ sold, available, gate }, { sold: 1, available: 2, gate: 2 });
  });
});

describe("units that are held longer for a payment", { concurrency: true }, () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  test("R5: requested in time and still being decided, they are held longer; the window for another card is over", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const [ada, cleo] = [world.as("ada"), world.as("cleo")];
    const { orderId } = await world.place(ada, productId);
    const unpaid = await world.place(cleo, await world.newProduct({ stock: 1 }));
    await world.untilStatus(cleo, unpaid.orderId, "PAYMENT_PENDING");
    await paySlowly(world, ada, orderId);
    const payBy = await endTimeToPay(world, orderId);
    // The look that ends a later order leaves this one.
    await endTimeToPay(world, unpaid.orderId);
    await world.untilStatus(cleo, unpaid.orderId, "FAILED");
    const second = await payOrder(ada, orderId, goodCard);
    assert.equal(second.status, 409);
    const refused = await world.as("bob").post("/orders", { productId, quantity: 1 });
    assert.equal(refused.body.code, "sold_out");
    await decideNow(world, orderId);
    const order = await world.untilStatus(ada, orderId, "CONFIRMED");
    assert.equal(order.payBy, payBy);
    assert.ok(!order.timeline.some(({ status }) => status === "FAILED"));
  });

  test("R5: reading an order, or a declined card, extends nothing", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const placed = await world.place(ada, productId);
    const { orderId } = placed;
    assert.equal((await payOrder(ada, orderId, { cardNumber: "4000000000000010" })).status, 202);
    const read = await eventually(async () => {
      const { body } = await ada.get<Order>(`/orders/${orderId}`);
      return body.payment?.status === "declined" && body;
    });
    assert.equal(read.payBy, placed.payBy);
    const payBy = await endTimeToPay(world, orderId);
    const order = await world.untilStatus(ada, orderId, "FAILED");
    assert.equal(order.payBy, payBy);
    assert.equal((await world.untilAtRest(productId)).available, 1);
  });
});

/** Requests the payment in time; the provider decides when the test tells it to. */
async function paySlowly(world: World, buyer: Client, orderId: string): Promise<void> {
  assert.equal((await payOrder(buyer, orderId, slowCard)).status, 202);
  await holdDecision(world, orderId);
}
