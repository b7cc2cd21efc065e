import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { openTestShop } from "./shop.testing.ts";

const shop = await openTestShop();
const { payment } = shop;
after(() => shop.close());

const goodCard = { cardNumber: "4242424242424242" };

test("O4: the answer of the last call is final, because no attempt begins after it", async () => {
  const orderId = await shop.order();
  const asked = await Promise.all([
    payment.pay({ orderId, ...goodCard }),
    payment.lastCall(orderId),
    payment.pay({ orderId, ...goodCard }),
  ]);
  const [first, verdict, second] = asked;
  const begun = first.ok || second.ok;
  assert.equal(verdict, begun ? "processing" : "open");
  assert.deepEqual(await payment.pay({ orderId, ...goodCard }), { ok: false, reason: "payment_closed" });
  assert.equal((await payment.lastAttempts([orderId])).get(orderId)?.retryable ?? false, false);
});

test("O4: an attempt that began before the last call is granted and kept like any other", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId);
  assert.equal(await payment.lastCall(orderId), "processing");
  await shop.hearFromProvider();
  assert.equal(await payment.lastCall(orderId), "authorized");
  await payment.capture(orderId);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
});

test("O4: an order whose payment was never opened is closed by the last call", async () => {
  const orderId = randomUUID();
  assert.equal(await payment.lastCall(orderId), "open");
  await payment.open({ orderId, userId: "ada", amountMinor: 100, currency: "EUR", payByMs: shop.now() + 60_000 });
  assert.deepEqual(await payment.pay({ orderId, ...goodCard }), { ok: false, reason: "payment_closed" });
});
