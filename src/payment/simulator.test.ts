import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createLog } from "#platform/log";
import { until } from "../../test/support/until.ts";
import { createPayment } from "./payment.ts";
import type { WebhookHeaders } from "./provider.ts";
import { openTestShop } from "./shop.testing.ts";
import { createSimulator } from "./simulator.ts";
import { behaviourOf, testCards } from "./test-cards.ts";

const shop = await openTestShop();
const { provider } = shop.simulator;
after(() => shop.close());

function request(number = "4242424242424242") {
  return { paymentId: randomUUID(), amountMinor: 4_999, currency: "EUR", card: { number } };
}

const approved = { amountMinor: 4_999, currency: "EUR", providerRef: null };

for (const { number, says } of testCards) {
  test(`card ${number} ${says}`, async () => {
    const orderId = await shop.order();
    await shop.pay(orderId, number);
    await shop.settleAll();
    const { declines, excessMinor } = behaviourOf(number.slice(-4));
    if (declines || excessMinor) {
      assert.equal(await shop.payment.verdict(orderId), "open");
      assert.deepEqual(shop.newsOf(orderId), [`declined: ${declines ?? "amount_mismatch"}`]);
      assert.deepEqual(await shop.statement(orderId), declines ? [] : ["authorized 5000 EUR", "voided 5000 EUR"]);
      return;
    }
    assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
    await shop.payment.capture(orderId).catch(() => shop.payment.capture(orderId));
    await shop.settleAll();
    assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "captured 4999 EUR"]);
  });
}

test("the result comes after the answer, as from a real bank", async () => {
  const asked = request();
  assert.equal((await provider.authorize(asked)).status, "processing");
  assert.equal((await provider.lookup({ ...approved, paymentId: asked.paymentId }))?.status, "processing");
  await shop.hearFromProvider();
  assert.equal((await provider.lookup({ ...approved, paymentId: asked.paymentId }))?.status, "authorized");
});

test("a repeated request with the same key does nothing more and returns the same answer", async () => {
  const asked = request();
  const { paymentId } = asked;
  const answers = await Promise.all([provider.authorize(asked), provider.authorize(asked), provider.authorize(asked)]);
  assert.equal(new Set(answers.map((charge) => charge.providerRef)).size, 1);
  await shop.hearFromProvider();
  for (const operation of ["capture", "capture", "refund", "refund"] as const) {
    await Promise.all([1, 2, 3].map(() => provider[operation]({ ...approved, paymentId })));
  }
  const kinds = (await shop.simulator.statement(paymentId)).map((line) => line.kind);
  assert.deepEqual(kinds, ["authorized", "captured", "refunded"]);
});

test("several operations of one charge at once are done one after another, beside those of others", async () => {
  const [one, other] = [await authorized(), await authorized()];
  const asked = (paymentId: string) => ({ ...approved, paymentId });
  const charges = await Promise.all([
    provider.capture(asked(one.paymentId)),
    provider.void(asked(other.paymentId)),
    provider.refund(asked(one.paymentId)),
    provider.capture(asked(other.paymentId)),
  ]);
  assert.deepEqual(
    charges.map(({ status }) => status),
    ["captured", "voided", "refunded", "voided"],
  );
  const kinds = (await shop.simulator.statement(one.paymentId)).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["authorized", "captured", "refunded"]);
});

test("an impossible operation is answered with the charge in its present state", async () => {
  const { paymentId } = await authorized();
  assert.equal((await provider.refund({ ...approved, paymentId })).status, "authorized");
  assert.equal((await provider.capture({ ...approved, paymentId, amountMinor: 5_000 })).status, "authorized");
  await provider.capture({ ...approved, paymentId });
  assert.equal((await provider.void({ ...approved, paymentId })).status, "captured");
  const other = await authorized();
  await provider.void({ ...approved, paymentId: other.paymentId });
  assert.equal((await provider.capture({ ...approved, paymentId: other.paymentId })).status, "voided");
  assert.equal(await provider.lookup({ ...approved, paymentId: randomUUID() }), undefined);
  await assert.rejects(provider.void({ ...approved, paymentId: randomUUID() }), /knows no payment/);
});

test("a webhook is sent until it is accepted, even by the next process", async () => {
  const asked = request();
  const { paymentId } = asked;
  await provider.authorize(asked);
  shop.passMs(50);
  const sent: string[] = [];
  const refuses = async (body: Buffer) => {
    sent.push(JSON.parse(body.toString()).data.paymentId);
    throw new Error("503");
  };
  await shop.simulator.deliverDue(refuses);
  await shop.simulator.deliverDue(refuses);
  assert.equal(sent.filter((id) => id === paymentId).length, 1, "it waits before it tries again");

  const successor = createSimulator({ sql: shop.sql, secret: "another process", log, now: shop.now });
  shop.passMs(5_000);
  const received: string[] = [];
  const accepts = async (body: Buffer) => void received.push(JSON.parse(body.toString()).data.paymentId);
  await successor.deliverDue(accepts);
  shop.passMs(60_000);
  await successor.deliverDue(accepts);
  assert.equal(received.filter((id) => id === paymentId).length, 1);
});

test("on the real clock a payment is decided and reported by itself", async () => {
  const now = Date.now;
  const simulator = createSimulator({ sql: shop.sql, secret: "the secret of real time", log, now, resultDelayMs: 5 });
  const news: string[] = [];
  const payment = createPayment({
    sql: shop.sql,
    provider: simulator.provider,
    log,
    now,
    onAnnouncement: async (_orderId, announcement) => void news.push(announcement),
  });
  const deliver = async (body: Buffer, headers: WebhookHeaders) => {
    assert.equal(await payment.receiveWebhook("simulator", body, headers), "accepted");
  };
  simulator.start(deliver);
  const orderId = randomUUID();
  await payment.open({ orderId, userId: "grace", amountMinor: 1, currency: "EUR", payByMs: now() + 60_000 });
  await payment.pay({ orderId, cardNumber: "4242424242424242" });
  await until(() => news.length > 0);
  await simulator.stop();
  assert.deepEqual(news, ["authorized"]);
});

const log = createLog({ level: "silent" });

async function authorized() {
  const asked = request();
  await provider.authorize(asked);
  await shop.hearFromProvider();
  return asked;
}
