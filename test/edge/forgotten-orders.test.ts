/** A buyer can find a promised order even while the gate has forgotten it and the books do not have it yet. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { randomId, uuidV8 } from "#platform/ids";
import { orderIdFor } from "../../src/orders/ids.ts";
import type { Client, Order, Problem } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

describe("an order that the gate forgot before it reached the books", () => {
  let world: World;
  let ada: Client;
  let orderId: string;
  before(async () => {
    world = await openWorld();
    ada = world.as("ada");
  });
  afterEach(() => disarmCrashPoints());
  after(() => world.close());

  test("is reported as pending, and not as unknown, on every route", async () => {
    const productId = await world.newProduct({ stock: 5 });
    armCrashPoint("settle.before-commit", { kind: "error" });
    ({ orderId } = await world.place(ada, productId));
    await world.faults.loseGate();
    const answers = await Promise.all([
      ada.get<Order & Problem>(`/orders/${orderId}`),
      ada.get(`/orders/${orderId}/events`),
      ada.post(`/orders/${orderId}/cancel`),
      ada.post(`/orders/${orderId}/payment`, { cardNumber: "4242424242424242" }),
    ]);
    for (const { status, headers, body } of answers) {
      assert.deepEqual([status, body.code], [503, "outcome_pending"], JSON.stringify(body));
      assert.ok(Number(headers["retry-after"]) > 0);
    }
    disarmCrashPoints();
    await world.untilStatus(ada, orderId, "INVENTORY_RESERVED", "PAYMENT_PENDING");
  });

  test("an invented id stays unknown, whatever product it names", async () => {
    const sameProduct = `${orderId.slice(0, 19)}${uuidV8(randomId(6), randomId(10)).slice(19)}`;
    for (const unknown of [sameProduct, uuidV8(randomId(6), randomId(10))]) {
      const { status, body } = await ada.get(`/orders/${unknown}`);
      assert.deepEqual([status, body.code], [404, "order_not_found"]);
    }
  });
});

describe("O29: orders for products that do not exist", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  afterEach(() => disarmCrashPoints());
  after(() => world.close());

  test("leave an order that was just promised where its buyer finds it", async () => {
    const eve = world.as("eve");
    const { status } = await eve.post("/orders", { productId: "made up", quantity: 1 });
    assert.equal(status, 404);
    // The effect of 210,000 such requests on the table of products, without the requests.
    for (let i = 0; i < 210_000; i += 1) orderIdFor({ userId: "eve", productId: `made up ${i}` });
    armCrashPoint("settle.before-commit", { kind: "error" });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, await world.newProduct({ stock: 5 }));
    const { status: found, body } = await ada.get<Order>(`/orders/${orderId}`);
    assert.deepEqual([found, body.status], [200, "PENDING"]);
    disarmCrashPoints();
    await world.untilStatus(ada, orderId, "INVENTORY_RESERVED", "PAYMENT_PENDING");
  });
});
