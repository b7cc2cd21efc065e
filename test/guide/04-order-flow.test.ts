import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Order, PlacedOrder } from "../support/client.ts";
import { endTimeToPay } from "../support/deadline.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
const declinedCard = { cardNumber: "4000000000000010" };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("4. test order flow", () => {
  let world: World;
  before(async () => {
    // The guide's request names its customer by X-User-Id alone, which real engines do not accept by default.
    world = await openWorld({ paymentWindowMs: 600_000, settings: { TRUST_USER_HEADER: "true" } });
  });
  after(() => world.close());

  test("the guide's own request is answered 202 with an orderId", async () => {
    await world.newProduct({ productId: "test-product-123", stock: 1 });
    const body = `{
    "productId": "test-product-123",
    "quantity": 1
  }`;
    const headers = { "content-type": "application/json", "x-user-id": "test-user" };
    const answer = await world.anonymous.raw<PlacedOrder>("POST", "/orders", body, headers);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.match(answer.body.orderId, uuid);
  });

  test("the answer to an accepted order has its cost, its deadline and its address", async () => {
    const productId = await world.newProduct({ stock: 5, price: 1_050, currency: "JPY" });
    const ada = world.as("ada");
    const { status, headers, body } = await ada.post<PlacedOrder>("/orders", { productId, quantity: 3 });
    assert.equal(status, 202);
    const { orderId, payBy, ...rest } = body;
    const statusUrl = `/orders/${orderId}`;
    assert.equal(headers.location, statusUrl);
    const expected = { status: "PENDING", total: 3_150, currency: "JPY", statusUrl, eventsUrl: `${statusUrl}/events` };
    assert.deepEqual(rest, expected);
    // By one reading of the shop's clock, which is corrected now and then: two readings may be in another order.
    const { body: order } = await ada.get<Order>(statusUrl);
    assert.equal(Date.parse(payBy) - Date.parse(order.placedAt), 600_000);
    const { body: shop } = await world.anonymous.get<{ epochMs: number }>("/time");
    assert.ok(Math.abs(Date.parse(order.placedAt) - shop.epochMs) < 60_000, order.placedAt);
    assert.equal(order.payBy, payBy);
  });

  test("an order can be read as soon as it is answered 202", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId, statusUrl } = await world.place(ada, productId);
    const { status, body } = await ada.get<Order>(statusUrl);
    assert.equal(status, 200);
    assert.equal(body.orderId, orderId);
    assert.ok(["PENDING", "INVENTORY_RESERVED", "PAYMENT_PENDING"].includes(body.status), body.status);
  });

  test("an order is reserved, paid and confirmed, and its units are sold", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId, 2);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    const held = await world.untilAtRest(productId);
    assert.deepEqual(held, { productId, onHand: 5, held: 2, sold: 0, available: 3, gate: 3 });

    const paid = await payOrder<Order>(ada, orderId, goodCard);
    assert.equal(paid.status, 202, JSON.stringify(paid.body));
    const order = await world.untilStatus(ada, orderId, "CONFIRMED");
    assert.deepEqual(
      order.timeline.map((entry) => entry.status),
      ["PENDING", "INVENTORY_RESERVED", "PAYMENT_PENDING", "CONFIRMED"],
    );
    assert.equal(order.reason, undefined);
    const sold = await world.untilAtRest(productId);
    assert.deepEqual(sold, { productId, onHand: 3, held: 0, sold: 2, available: 3, gate: 3 });
    await eventually(async () => (await ada.get<Order>(`/orders/${orderId}`)).body.payment?.status === "captured");
  });

  test("an order can be paid in the moment it is accepted", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    const paid = await payOrder(ada, orderId, goodCard);
    assert.equal(paid.status, 202, JSON.stringify(paid.body));
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  test("a declined card leaves the order payable, and another card confirms it", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    assert.equal((await payOrder(ada, orderId, declinedCard)).status, 202);
    const declined = await eventually(async () => {
      const { body } = await ada.get<Order>(`/orders/${orderId}`);
      // A buyer may be faster than the saga that opens the payment.
      return body.payment?.status === "declined" && body.status === "PAYMENT_PENDING" && body;
    });
    assert.deepEqual({ ...declined.payment }, { status: "declined", retryable: true, declineReason: "card_declined" });
    assert.equal(declined.status, "PAYMENT_PENDING");
    assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
    const order = await world.untilStatus(ada, orderId, "CONFIRMED");
    const noted = await eventually(async () => {
      const { body } = await ada.get<Order>(`/orders/${orderId}`);
      return body.timeline.find((entry) => entry.status === "PAYMENT_DECLINED");
    });
    assert.equal(noted.reason, "card_declined");
    assert.equal(order.orderId, orderId);
  });

  test("a cancelled order gives its units back", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    const cancelled = await cancelOrder<Order>(ada, orderId);
    assert.equal(cancelled.status, 202);
    assert.equal(cancelled.body.status, "CANCELLED");
    assert.equal(cancelled.body.reason, "cancelled_by_customer");
    assert.equal((await world.untilAtRest(productId)).available, 1);
    const paid = await payOrder(ada, orderId, goodCard);
    assert.equal(paid.status, 409);
    assert.equal(paid.body.code, "order_ended");
    await world.place(world.as("bob"), productId);
  });

  test("R4: a customer holds no more than the limit, and may buy again once units came back", async () => {
    const productId = await world.newProduct({ stock: 10, limitPerCustomer: 2 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId, 2);
    const refused = await ada.post("/orders", { productId, quantity: 1 });
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "limit_per_customer");
    await world.place(world.as("bob"), productId, 2);
    assert.equal((await cancelOrder(ada, orderId)).status, 202);
    await world.untilAtRest(productId);
    await world.place(ada, productId, 2);
  });

  test("G6: sold out is answered at once, and ends as soon as there is stock again", async () => {
    const productId = await world.newProduct({ stock: 1 });
    await world.place(world.as("ada"), productId);
    const refused = await world.as("bob").post("/orders", { productId, quantity: 1 });
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "sold_out");
    await world.admin.post(`/inventory/${productId}/restock`, { quantity: 1, reason: "more" });
    await world.place(world.as("bob"), productId);
  });

  test("GET /orders lists the caller's own orders, newest first, page by page, each once", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const cleo = world.as("cleo");
    const placed: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { orderId } = await world.place(cleo, productId);
      await world.untilStatus(cleo, orderId, "PAYMENT_PENDING");
      placed.unshift(orderId);
    }
    const listed: string[] = [];
    let query = "?limit=2";
    for (let page = 0; page < 3; page += 1) {
      const { body } = await cleo.get<{ orders: Order[]; nextCursor?: string }>(`/orders${query}`);
      listed.push(...body.orders.map((order) => order.orderId));
      query = `?limit=2&cursor=${body.nextCursor}`;
      assert.equal(body.nextCursor === undefined, page === 2);
    }
    assert.deepEqual(listed, placed);
  });

  test("R6: a declined order fails when its window ends, and its unit is back at the gate and in the books", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    assert.equal((await payOrder(ada, orderId, declinedCard)).status, 202);
    await eventually(async () => (await ada.get<Order>(`/orders/${orderId}`)).body.payment?.status === "declined");
    await endTimeToPay(world, orderId);
    const order = await world.untilStatus(ada, orderId, "FAILED");
    assert.equal(order.reason, "payment_timeout");
    assert.deepEqual({ ...order.payment }, { status: "declined", retryable: false, declineReason: "card_declined" });
    const back = await world.untilAtRest(productId);
    assert.deepEqual(back, { productId, onHand: 1, held: 0, sold: 0, available: 1, gate: 1 });
    const late = await payOrder(ada, orderId, goodCard);
    assert.equal(late.status, 409);
    assert.equal(late.body.code, "order_ended");
    await world.place(world.as("bob"), productId);
  });
});
