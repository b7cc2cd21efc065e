import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { attempt, openTestShop } from "./shop.testing.ts";

const shop = await openTestShop();
const { payment } = shop;
after(() => shop.close());

/** The deadline of an order that was opened by now. */
function payByMs(): number {
  return shop.now() + 900_000;
}

const goodCard = { cardNumber: "4242424242424242" };

test("O4: the answer of the last call is final, because no attempt begins after it", async () => {
  const orderId = await shop.order();
  const asked = await Promise.all([
    attempt(payment, orderId, { ...goodCard }),
    payment.lastCall(orderId, payByMs()),
    attempt(payment, orderId, { ...goodCard }),
  ]);
  const [first, verdict, second] = asked;
  const begun = first.ok || second.ok;
  assert.equal(verdict, begun ? "processing" : "open");
  assert.deepEqual(await attempt(payment, orderId, { ...goodCard }), { ok: false, reason: "payment_closed" });
  assert.equal((await payment.lastAttempts([orderId])).get(orderId)?.retryable ?? false, false);
});

test("O4: an attempt that began before the last call is granted and kept like any other", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId);
  assert.equal(await payment.lastCall(orderId, payByMs()), "processing");
  await shop.hearFromProvider();
  assert.equal(await payment.lastCall(orderId, payByMs()), "authorized");
  await payment.capture(orderId);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
});

test("O4: an order whose payment was never opened is closed by the last call", async () => {
  const orderId = randomUUID();
  assert.equal(await payment.lastCall(orderId, payByMs()), "open");
  await payment.open({ orderId, userId: "ada", amountMinor: 100, currency: "EUR", payByMs: payByMs() });
  assert.deepEqual(await attempt(payment, orderId, { ...goodCard }), { ok: false, reason: "payment_closed" });
});

test("a request to pay opens the payment with its order's later deadline, even if the attempt is refused", async () => {
  const orderId = randomUUID();
  const order = { orderId, userId: "ada", amountMinor: 4_999, currency: "EUR" };
  const [dueMs, laterMs] = [payByMs(), payByMs() + 300_000];
  assert.ok((await payment.pay({ ...order, payByMs: dueMs }, goodCard)).ok);
  const again = await payment.pay({ ...order, payByMs: laterMs }, goodCard);
  assert.deepEqual(again, { ok: false, reason: "payment_in_progress" });
  const [intent] = await shop.sql.query("select pay_by from payment.intent where order_id = $1", [orderId]);
  assert.deepEqual(intent, { pay_by: new Date(laterMs) });
  const late = { ...order, orderId: randomUUID(), payByMs: shop.now() };
  assert.deepEqual(await payment.pay(late, goodCard), { ok: false, reason: "payment_closed" });
});

test("a last call that the order's extension overtook stops no attempt, and one at the later deadline does", async () => {
  const orderId = await shop.order();
  const order = { orderId, userId: "ada", amountMinor: 4_999, currency: "EUR" };
  const [dueMs, laterMs] = [payByMs(), payByMs() + 300_000];
  // The call came first: the extension takes it back.
  assert.equal(await payment.lastCall(orderId, dueMs), "open");
  await payment.open({ ...order, payByMs: laterMs });
  // And again, from a process that read the deadline before the extension.
  assert.equal(await payment.lastCall(orderId, dueMs), "open");
  // One that opens the payment with the former deadline changes nothing.
  await payment.open({ ...order, payByMs: dueMs });
  shop.passMs(900_000 + 1);
  await shop.pay(orderId, "4000000000000010");
  await shop.hearFromProvider();
  assert.equal(await payment.lastCall(orderId, laterMs), "open");
  assert.deepEqual(await attempt(payment, orderId, { ...goodCard }), { ok: false, reason: "payment_closed" });
});

test("an extension opens no payment that is closed", async () => {
  const orderId = await shop.order();
  await payment.close(orderId);
  await payment.open({ orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs: payByMs() + 300_000 });
  assert.deepEqual(await attempt(payment, orderId, { ...goodCard }), { ok: false, reason: "payment_closed" });
});
