import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { startFakeStripe } from "../../../test/servers/fake-stripe.ts";
import { attempt, openTestShop } from "../shop.testing.ts";
import { createStripe } from "./stripe.ts";

const shop = await openTestShop();
const keys = { secretKey: "sk_test_of_the_tests", webhookSecret: "whsec_of_the_tests" };
const fake = await startFakeStripe({ ...keys, now: shop.now });
const payment = shop.connect({ provider: createStripe({ ...keys, url: fake.url, returnUrl: String, now: shop.now }) });
after(async () => {
  await fake.close();
  await shop.close();
});

async function pay(orderId: string, paymentMethod = "pm_card_visa") {
  const answer = await attempt(payment, orderId, { paymentMethod });
  assert.ok(answer.ok);
  return answer;
}

function intentOf(orderId: string) {
  const intents = [...fake.intents.values()].filter(({ metadata }) => metadata.dropgate_order === orderId);
  return intents.at(-1) as NonNullable<(typeof intents)[0]>;
}

async function hear(events = fake.events, times = 1): Promise<void> {
  for (const event of events) {
    const { body, headers } = fake.sign(event);
    for (let copy = 0; copy < times; copy += 1) {
      assert.equal(await payment.receiveWebhook("stripe", body, headers), "accepted");
    }
  }
}

async function sweep(): Promise<void> {
  shop.passMs(70_000);
  await payment.sweep();
}

test("a hold counts at once, is captured for the confirmed order, and webhooks in any order change nothing", async () => {
  const orderId = await shop.order();
  const first = fake.events.length;
  await pay(orderId);
  assert.deepEqual([await shop.states(orderId), shop.newsOf(orderId)], [["authorized"], ["authorized"]]);
  await payment.capture(orderId);
  await hear(fake.events.slice(first).toReversed(), 2);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
  assert.deepEqual(fake.statement(intentOf(orderId).id), ["authorized 4999 eur", "captured 4999 eur"]);
  assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
});

test("a hold whose answer is lost is found by the sweep, without any webhook", async () => {
  const orderId = await shop.order();
  fake.fail(/confirm$/, "loses the answer");
  await pay(orderId);
  assert.deepEqual(await shop.states(orderId), ["requested"]);
  await sweep();
  assert.deepEqual(await shop.states(orderId), ["authorized"]);
});

test("a payment that never reached Stripe is given up, and the buyer pays again", async () => {
  const orderId = await shop.order();
  fake.fail(/POST .*payment_intents$/, "answers 429");
  await pay(orderId);
  await sweep();
  await pay(orderId);
  assert.deepEqual(await shop.states(orderId), ["declined", "authorized"]);
});

test("a declined card may be followed by another; a stored row has no digit of a card", async () => {
  const orderId = await shop.order();
  await pay(orderId, "pm_card_chargeDeclinedInsufficientFunds");
  await pay(orderId);
  assert.deepEqual(await shop.states(orderId), ["declined", "authorized"]);
  assert.deepEqual(shop.newsOf(orderId), ["declined: insufficient_funds", "authorized"]);
  const rows = await shop.sql.query("select distinct card_last4 as digits from payment.payment");
  assert.deepEqual(rows, [{ digits: "" }]);
});

test("a buyer answers their bank in time: the webhook brings the result", async () => {
  const orderId = await shop.order();
  const { actionUrl } = await pay(orderId, "pm_card_authenticationRequired");
  assert.equal(actionUrl, `${fake.url}/bank/${intentOf(orderId).id}`);
  // Stripe forgets the key by which it found the payment after a day.
  const asked = fake.asked.length;
  await sweep();
  assert.deepEqual(
    fake.asked.slice(asked).filter((request) => request.startsWith("POST")),
    [],
    "it is looked up by its reference",
  );
  assert.deepEqual(await shop.states(orderId), ["requested"], "the buyer still has time");
  fake.authenticate(intentOf(orderId).id, true);
  await hear(fake.events.slice(-1));
  assert.deepEqual(await shop.states(orderId), ["authorized"]);
});

test("a buyer who does not answer their bank: the attempt is withdrawn once the order's time is over", async () => {
  for (const end of ["cancelled", "too late", "too late, and never told so"]) {
    const orderId = await shop.order({ payInMs: 200_000 });
    await pay(orderId, "pm_card_authenticationRequired");
    if (end === "cancelled") await payment.close(orderId);
    else {
      const payByMs = shop.now() + 200_000;
      shop.passMs(300_000);
      await sweep();
      assert.deepEqual(await shop.states(orderId), ["requested"], "its order may have been extended");
      if (end === "too late") await payment.lastCall(orderId, payByMs);
      else shop.passMs(600_000);
    }
    await sweep();
    assert.equal(intentOf(orderId).status, "canceled", end);
    assert.deepEqual(await shop.states(orderId), ["voided"], end);
    assert.deepEqual(fake.statement(intentOf(orderId).id), [], end);
  }
});

test("an order that ends lets its hold go, or gives its money back, although answers are lost", async () => {
  const [held, taken] = [await shop.order(), await shop.order()];
  await pay(held);
  await pay(taken);
  await payment.capture(taken);
  fake.fail(/cancel$/, "loses the answer");
  fake.fail(/refunds$/, "acts and answers 500");
  await payment.close(held);
  await payment.close(taken);
  await sweep();
  assert.deepEqual([await shop.states(held), await shop.states(taken)], [["voided"], ["refunded"]]);
  assert.deepEqual(fake.statement(intentOf(held).id).slice(1), ["voided 4999 eur"]);
  assert.deepEqual(fake.statement(intentOf(taken).id).slice(1), ["captured 4999 eur", "refunded 4999 eur"]);
});

test("a lost dispute is news for the order, a finding for an operator, and told once", async () => {
  const orderId = await shop.order();
  const { paymentId } = await pay(orderId);
  await payment.capture(orderId);
  const first = fake.events.length;
  fake.decideDispute(fake.dispute(intentOf(orderId).id), "lost");
  await hear(fake.events.slice(first), 3);
  assert.deepEqual(await shop.states(orderId), ["charged_back"]);
  const findings = (await payment.findings.open()).filter((finding) => finding.paymentId === paymentId);
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["charged_back"],
  );
});

test("card numbers are refused, tokens are taken; a shop with the simulator has it the other way round", async () => {
  const orderId = await shop.order();
  const asked = fake.asked.length;
  const card = { cardNumber: "4242424242424242" };
  assert.deepEqual(await attempt(payment, orderId, card), { ok: false, reason: "card_not_taken" });
  assert.deepEqual(await attempt(payment, orderId, { ...card, paymentMethod: "pm_card_visa" }), {
    ok: false,
    reason: "card_not_taken",
  });
  const simulated = await attempt(shop.payment, orderId, { paymentMethod: "pm_card_visa" });
  assert.deepEqual(simulated, { ok: false, reason: "token_not_taken" });
  assert.deepEqual([fake.asked.length, await shop.states(orderId)], [asked, []]);
  assert.equal(await payment.receiveWebhook("simulator", Buffer.from("{}"), {}), "unknown_provider");
  assert.equal(await payment.receiveWebhook("stripe", Buffer.from(randomUUID()), {}), "bad_signature");
});
