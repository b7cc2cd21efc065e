import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type FakeStripe, startFakeStripe } from "../servers/fake-stripe.ts";
import type { Client, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder, untilMoneyIs } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const keys = { secretKey: "sk_test_of_the_tests", webhookSecret: "whsec_of_the_tests" };

type Paid = { paymentId: string; status: string; actionUrl?: string };

let fake: FakeStripe;
let world: World;
before(async () => {
  fake = await startFakeStripe(keys);
  world = await openWorld({
    settings: {
      PAYMENT_PROVIDER: "stripe",
      STRIPE_SECRET_KEY: keys.secretKey,
      STRIPE_PUBLISHABLE_KEY: "pk_test_of_the_tests",
      STRIPE_WEBHOOK_SECRET: keys.webhookSecret,
      STRIPE_API_URL: fake.url,
      PUBLIC_URL: "https://shop.example",
    },
  });
  // Each event comes twice, as Stripe's may.
  fake.sendTo(`${world.origin}/payments/webhooks/stripe`, 2);
});
after(async () => {
  await fake?.close();
  await world?.close();
});

async function ordered(user: string) {
  const productId = await world.newProduct({ stock: 2 });
  const buyer = world.as(user);
  const { orderId } = await world.place(buyer, productId);
  return { buyer, productId, orderId };
}

function pay(buyer: Client, orderId: string, body: object) {
  return payOrder<Paid & Problem>(buyer, orderId, body);
}

function intentOf(orderId: string): string {
  const intents = [...fake.intents.values()].filter(({ metadata }) => metadata.dropgate_order === orderId);
  return intents.at(-1)?.id ?? "none";
}

async function bought(user: string) {
  const order = await ordered(user);
  const paid = await pay(order.buyer, order.orderId, { paymentMethod: "pm_card_visa" });
  assert.equal(paid.status, 202, JSON.stringify(paid.body));
  await world.untilStatus(order.buyer, order.orderId, "CONFIRMED");
  await untilMoneyIs(order.buyer, order.orderId, "captured");
  return order;
}

describe("a shop whose provider is Stripe", () => {
  test("confirms a paid order and captures its money at Stripe once; a refund gives it back once", async () => {
    const { buyer, orderId, productId } = await bought("ada");
    assert.deepEqual(fake.statement(intentOf(orderId)), ["authorized 1999 eur", "captured 1999 eur"]);
    const refunded = await world.admin.post(`/orders/${orderId}/refund`, { reason: "came back", restock: true });
    assert.equal(refunded.status, 202, JSON.stringify(refunded.body));
    await untilMoneyIs(buyer, orderId, "refunded");
    assert.deepEqual(fake.statement(intentOf(orderId)).slice(2), ["refunded 1999 eur"]);
    await eventually(async () => (await world.untilAtRest(productId)).available === 2);
  });

  test("does not ask Stripe about an order that costs nothing: its buyer takes it with an empty body", async () => {
    const productId = await world.newProduct({ stock: 2, price: 0 });
    const buyer = world.as("ada");
    const { orderId } = await world.place(buyer, productId);
    assert.equal((await pay(world.as("bea"), orderId, {})).status, 400);
    assert.equal((await pay(buyer, orderId, {})).status, 202);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    const { title, detail } = (await pay(buyer, orderId, {})).body;
    assert.equal(title, "There is nothing more to pay for this order");
    assert.match(detail, /^It is paid, or it costs nothing and its buyer has confirmed it\. Nothing more is charged\./);
    await untilMoneyIs(buyer, orderId, "captured");
    const refunded = await world.admin.post(`/orders/${orderId}/refund`, { reason: "not coming", restock: true });
    assert.equal(refunded.status, 202, JSON.stringify(refunded.body));
    await world.untilStatus(buyer, orderId, "REFUNDED");
    await untilMoneyIs(buyer, orderId, "refunded");
    assert.equal(intentOf(orderId), "none");
    await eventually(async () => (await world.untilAtRest(productId)).available === 2);
  });

  test("takes another card after a declined one, and never a card's number", async () => {
    const { buyer, orderId } = await ordered("bea");
    const cards: [object, number, string][] = [
      [{ cardNumber: "4242424242424242" }, 400, "card_not_taken"],
      [{}, 400, "validation"],
      [{ paymentMethod: "4242424242424242" }, 400, "validation"],
    ];
    for (const [body, status, code] of cards) {
      const answer = await pay(buyer, orderId, body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
    }
    assert.equal((await pay(buyer, orderId, { paymentMethod: "pm_card_chargeDeclinedInsufficientFunds" })).status, 202);
    const declined = await untilMoneyIs(buyer, orderId, "declined");
    assert.deepEqual([declined.payment?.declineReason, declined.payment?.retryable], ["insufficient_funds", true]);
    assert.equal((await pay(buyer, orderId, { paymentMethod: "pm_card_visa" })).status, 202);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
  });

  test("leads the buyer to their bank and back, and confirms the order by the webhook", async () => {
    const { buyer, orderId } = await ordered("cem");
    const paid = await pay(buyer, orderId, { paymentMethod: "pm_card_authenticationRequired" });
    assert.equal(paid.body.status, "processing");
    assert.ok(paid.body.actionUrl);
    const back = await fetch(`${paid.body.actionUrl}/approve`, { redirect: "manual" });
    assert.match(String(back.headers.get("location")), new RegExp(`^https://shop\\.example/o/${orderId}\\?`));
    await world.untilStatus(buyer, orderId, "CONFIRMED");
  });

  test("tells a lost dispute: the order is REFUNDED, and an operator finds it", async () => {
    const { buyer, orderId } = await bought("dora");
    fake.decideDispute(fake.dispute(intentOf(orderId)), "lost");
    await world.untilStatus(buyer, orderId, "REFUNDED");
    const { body } = await world.admin.get<{ items: { orderId: string; kind: string; provider: string }[] }>(
      "/payments/findings",
    );
    const found = body.items.filter((item) => item.orderId === orderId).map(({ kind, provider }) => [kind, provider]);
    assert.ok(
      found.some(([kind, provider]) => kind === "charged_back" && provider === "stripe"),
      JSON.stringify(found),
    );
  });

  test("accepts webhooks from Stripe alone, and shows in its health whether Stripe answers", async () => {
    const forged = await world.anonymous.post("/payments/webhooks/stripe", {
      id: "evt_1",
      type: "payment_intent.succeeded",
    });
    assert.deepEqual([forged.status, forged.body.code], [401, "bad_signature"]);
    assert.equal((await world.anonymous.post("/payments/webhooks/simulator", {})).status, 404);
    await eventually(async () => {
      const { body } = await world.anonymous.get<{ components: Record<string, { status: string }> }>(
        "/actuator/health",
      );
      return body.components.stripe?.status === "UP";
    });
  });

  test("a payment that the provider has and the books lack is listed, and adopted only when it is asked for", async () => {
    // The provider's clock is half a minute behind that of the database.
    const since = new Date(Date.now() + 30_000).toISOString();
    const paidFor = (orderId: string) => {
      const metadata = { dropgate_payment: randomUUID(), dropgate_order: orderId };
      const intent = fake.create({ amount: 1_999, currency: "eur", capture_method: "manual", metadata });
      fake.confirm(intent.id, { payment_method: "pm_card_visa" });
      return intent.id;
    };
    const { buyer, orderId } = await ordered("fay");
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    const cancelled = await ordered("gil");
    await cancelled.buyer.post(`/orders/${cancelled.orderId}/cancel`, {});
    await world.untilStatus(cancelled.buyer, cancelled.orderId, "CANCELLED");
    const unknown = randomUUID();
    const intents = [orderId, cancelled.orderId, unknown].map(paidFor);
    const adopt = async (apply: boolean) => {
      const { status, body } = await world.admin.post<{ charges: { orderId: string; becomes: string }[] }>(
        "/admin/orders/payments/adopt",
        { since, apply },
      );
      assert.equal(status, 200, JSON.stringify(body));
      return new Map(body.charges.map((charge) => [charge.orderId, charge.becomes]));
    };
    for (const apply of [false, true]) {
      const found = await adopt(apply);
      const becomes = [orderId, cancelled.orderId, unknown].map((id) => found.get(id));
      assert.deepEqual(becomes, ["paid", "given_back", "unknown"]);
    }
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    await untilMoneyIs(buyer, orderId, "captured");
    const [paid = "", over = "", strange = ""] = intents;
    assert.deepEqual(fake.statement(paid), ["authorized 1999 eur", "captured 1999 eur"]);
    await eventually(() => fake.statement(over).at(-1) === "voided 1999 eur");
    assert.deepEqual(fake.statement(strange), ["authorized 1999 eur"]);
    const found = await adopt(false);
    assert.deepEqual([found.has(orderId), found.has(cancelled.orderId), found.get(unknown)], [false, false, "unknown"]);
  });
});
