/** User ids of other issuers, all the way through the shop. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Order, PlacedOrder, Problem } from "../support/client.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const userIds = [
  ...["o'brien", "auth0|5f#1", "https://issuer.example/u=1?x=2&y=%41", "müller", "CN=Ada, O=Shop", '<b>"x"</b>'],
  ...["100%s", "{lamp}:u", "__proto__", "constructor", "用户", "=1+1", "a|b|c|d|e|f|g|h|i|j|k", "\\", "😀".repeat(255)],
];

describe("user ids of other issuers", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world?.close());

  for (const user of userIds) {
    test(`O12: ${JSON.stringify(user).slice(0, 40)} buys within its own limit, pays, and sees only its own orders`, async () => {
      const productId = await world.newProduct({ stock: 3, limitPerCustomer: 1 });
      const buyer = world.as(user);
      const key = { "idempotency-key": "one-key-for-all-of-them" };
      const order = { productId, quantity: 1 };
      const placed = await buyer.post<PlacedOrder>("/orders", order, key);
      assert.equal(placed.status, 202, JSON.stringify(placed.body));
      const { orderId } = placed.body;
      assert.equal((await buyer.post<PlacedOrder>("/orders", order, key)).body.orderId, orderId, "a repeat finds it");
      assert.equal((await buyer.post<Problem>("/orders", order)).body.code, "limit_per_customer");
      await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
      assert.equal((await payOrder(buyer, orderId, { cardNumber: "4242424242424242" })).status, 202);
      await world.untilStatus(buyer, orderId, "CONFIRMED");
      const { orders } = (await buyer.get<{ orders: Order[] }>("/orders")).body;
      assert.deepEqual(
        orders.map((mine) => mine.orderId),
        [orderId],
      );
      const almost = world.as(user.startsWith("😀") ? "😀".repeat(254) : `${user}x`);
      assert.equal((await almost.get(`/orders/${orderId}`)).status, 404);
      const all = (await world.admin.get<{ orders: (Order & { userId: string })[] }>("/orders")).body.orders;
      assert.equal(all.find((one) => one.orderId === orderId)?.userId, user);
      const stocked = await world.as(user, "WAREHOUSE").post(`/inventory/${productId}/restock`, {
        quantity: 1,
        reason: "returned",
      });
      assert.equal(stocked.status, 200);
    });
  }
});
