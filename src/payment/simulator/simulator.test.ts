import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createLog } from "#platform/log";
import { until } from "../../../test/support/until.ts";
import { type Delivery, describeProvider } from "../contract/provider.testing.ts";
import { createPayment } from "../payment.ts";
import type { PayMethod, WebhookHeaders } from "../provider.ts";
import { attempt, openTestShop } from "../shop.testing.ts";
import { createSimulator } from "./simulator.ts";
import { behaviourOf, testCards } from "./test-cards.ts";

const shop = await openTestShop();
const { provider } = shop.simulator;
after(() => shop.close());

describeProvider("the simulator", async () => {
  const { simulator, passMs, close } = await openTestShop();
  const card = (number: string): PayMethod => ({ kind: "card", card: { number } });
  return {
    provider: simulator.provider,
    methods: {
      approved: card("4242424242424242"),
      declined: card("4000000000000010"),
      unfunded: card("4000000000009995"),
    },
    loseAnswerOf: (operation) => card(operation === "authorize" ? "4000000000000606" : "4000000000000707"),
    async decide() {
      passMs(50);
      await simulator.deliverDue(async () => {
        throw new Error("the webhooks are read later");
      });
    },
    async byHand(paymentId, deed) {
      assert.ok(await simulator.byHand(paymentId, deed));
    },
    async statement(paymentId) {
      const lines = await simulator.statement(paymentId);
      return lines.map(({ kind, amountMinor, currency }) => `${kind} ${amountMinor} ${currency}`);
    },
    async webhooks() {
      const deliveries: Delivery[] = [];
      // Longer than the pause after a delivery that was not taken.
      passMs(6_000);
      await simulator.deliverDue(async (body, headers) => void deliveries.push({ body, headers }));
      return deliveries;
    },
    passMs,
    close,
  };
});

const orderId = randomUUID();

function request(number = "4242424242424242") {
  return {
    paymentId: randomUUID(),
    orderId,
    amountMinor: 4_999,
    currency: "EUR",
    method: { kind: "card" as const, card: { number } },
  };
}

const approved = { orderId, amountMinor: 4_999, currency: "EUR", providerRef: null };

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

test("it stops while each webhook brings the next one", async () => {
  const simulator = createSimulator({ sql: shop.sql, secret: "an endless day", log, now: Date.now, decidesAfterMs: 0 });
  let delivered = 0;
  simulator.start(async () => {
    delivered += 1;
    await simulator.provider.authorize(request());
  });
  await simulator.provider.authorize(request());
  await until(() => delivered > 20);
  await simulator.stop();
});

test("on the real clock a payment is decided and reported by itself", async () => {
  const now = Date.now;
  const simulator = createSimulator({ sql: shop.sql, secret: "the secret of real time", log, now, decidesAfterMs: 5 });
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
  await attempt(payment, orderId, { cardNumber: "4242424242424242" });
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
