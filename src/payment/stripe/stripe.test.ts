import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { inTraceOf, traceBy } from "#platform/spans";
import { traceparentOf } from "#platform/trace";
import { startFakeStripe } from "../../../test/servers/fake-stripe.ts";
import { describeProvider, type ProviderStage } from "../contract/provider.testing.ts";
import { OutcomeUnknown, type PayMethod } from "../provider.ts";
import { fromStripe, toStripe } from "./amounts.ts";
import { createStripe } from "./stripe.ts";

const keys = { secretKey: "sk_test_of_the_tests", webhookSecret: "whsec_of_the_tests" };

async function openStage() {
  let nowMs = Date.UTC(2026, 10, 27, 9);
  const now = () => nowMs;
  const fake = await startFakeStripe({ ...keys, now });
  const returnUrl = (orderId: string) => `https://shop.example/o/${orderId}`;
  const provider = createStripe({ ...keys, url: fake.url, returnUrl, now });

  function intentOf(paymentId: string) {
    const found = [...fake.intents.values()].filter(({ metadata }) => metadata.dropgate_payment === paymentId);
    assert.ok(found.length <= 1, "a payment has one intent");
    return found[0];
  }

  return {
    fake,
    provider,
    intentOf,
    now,
    passMs(ms: number): void {
      nowMs += ms;
    },
  };
}

function token(name: string): PayMethod {
  return { kind: "token", token: name };
}

const good = token("pm_card_visa");

describeProvider("Stripe", async (): Promise<ProviderStage> => {
  const { fake, provider, intentOf, passMs } = await openStage();
  let told = 0;
  return {
    provider,
    methods: {
      approved: good,
      declined: token("pm_card_chargeDeclined"),
      unfunded: token("pm_card_chargeDeclinedInsufficientFunds"),
    },
    loseAnswerOf(operation) {
      fake.fail(operation === "authorize" ? /confirm$/ : /capture$/, "loses the answer");
      return good;
    },
    async decide() {},
    async byHand(paymentId, does) {
      const intent = intentOf(paymentId);
      assert.ok(intent);
      const dispute = fake.disputesOf(intent.id)[0]?.id ?? "";
      switch (does.deed) {
        case "void":
          return void fake.cancel(intent.id);
        case "capture":
          return void fake.capture(intent.id);
        case "refund":
          return void fake.refund({ payment_intent: intent.id, amount: does.amountMinor });
        case "dispute":
          return void fake.dispute(intent.id);
        case "win_dispute":
          return fake.decideDispute(dispute, "won");
        case "charge_back":
          return fake.decideDispute(dispute, "lost");
      }
    },
    async statement(paymentId) {
      return fake.statement(intentOf(paymentId)?.id ?? "").map((line) => {
        const [kind, amount, currency = ""] = line.split(" ");
        return `${kind} ${fromStripe(Number(amount), currency)} ${currency.toUpperCase()}`;
      });
    },
    async webhooks() {
      const events = fake.events.slice(told);
      told = fake.events.length;
      return events.map((event) => fake.sign(event));
    },
    passMs,
    close: () => fake.close(),
  };
});

const stage = await openStage();
const { fake, provider, intentOf } = stage;
after(() => fake.close());

function request(method: PayMethod = good) {
  return { paymentId: randomUUID(), orderId: randomUUID(), amountMinor: 4_999, currency: "EUR", method };
}

async function held() {
  const asked = request();
  const { providerRef } = await provider.authorize(asked);
  return { ...asked, providerRef };
}

describe("Stripe's adapter", () => {
  test("names payment and order at Stripe, and captures by hand", async () => {
    const { paymentId, orderId } = await held();
    assert.deepEqual(intentOf(paymentId)?.metadata, { dropgate_payment: paymentId, dropgate_order: orderId });
    assert.equal(intentOf(paymentId)?.return_url, `https://shop.example/o/${orderId}`);
  });

  test("a buyer whom the bank asks is led there; the payment is processing until they have answered", async () => {
    for (const [isApproved, status] of [
      [true, "authorized"],
      [false, "declined"],
    ] as const) {
      const asked = request(token("pm_card_authenticationRequired"));
      const charge = await provider.authorize(asked);
      assert.deepEqual([charge.status, charge.actionUrl], ["processing", `${fake.url}/bank/${charge.providerRef}`]);
      fake.authenticate(charge.providerRef, isApproved);
      const later = await provider.lookup({ ...asked, providerRef: charge.providerRef });
      assert.equal(later?.status, status);
      if (!isApproved) assert.equal(later?.declineReason, "authentication_failed");
    }
  });

  test("a buyer who never answers their bank loses nothing: void ends the attempt", async () => {
    const asked = request(token("pm_card_authenticationRequired"));
    const charge = await provider.authorize(asked);
    assert.equal((await provider.void({ ...asked, providerRef: charge.providerRef })).status, "voided");
    assert.deepEqual(fake.statement(charge.providerRef), []);
  });

  test("a stolen card is declined like any other, and an unknown token too", async () => {
    for (const name of ["pm_card_chargeDeclinedStolenCard", "pm_never_made"]) {
      const charge = await provider.authorize(request(token(name)));
      assert.deepEqual([charge.status, charge.declineReason], ["declined", "card_declined"], name);
    }
  });

  test("an amount that Stripe cannot charge is declined with that reason, and nothing is asked for", async () => {
    const before = fake.asked.length;
    const thousandths = await provider.authorize({ ...request(), amountMinor: 1_234, currency: "KWD" });
    assert.equal(fake.asked.length, before);
    const little = await provider.authorize({ ...request(), amountMinor: 1 });
    for (const charge of [thousandths, little]) {
      assert.deepEqual([charge.status, charge.declineReason], ["declined", "amount_not_chargeable"]);
    }
  });

  test("an answer that does not tell what was done leaves the outcome open, whatever was asked", async () => {
    for (const fault of ["answers 500", "answers 429", "acts and answers 500"] as const) {
      fake.fail(/confirm$/, fault);
      const open = request();
      await assert.rejects(provider.authorize(open), OutcomeUnknown, fault);
      const isHeld = fault === "acts and answers 500";
      const found = await provider.lookup({ ...open, providerRef: null });
      assert.equal(found?.status, isHeld ? "authorized" : undefined, fault);
      fake.fail(/POST .*payment_intents$/, fault);
      const asked = request();
      await assert.rejects(provider.authorize(asked), OutcomeUnknown, fault);
      assert.equal(await provider.lookup({ ...asked, providerRef: null }), undefined, fault);
      for (const operation of ["capture", "void"] as const) {
        const charge = await held();
        fake.fail(new RegExp(`${operation === "void" ? "cancel" : operation}$`), fault);
        await assert.rejects(provider[operation](charge), OutcomeUnknown, `${operation} ${fault}`);
        const done = await provider[operation](charge);
        assert.equal(done.status, operation === "void" ? "voided" : "captured", `${operation} ${fault}`);
      }
    }
  });

  test("a look-up that is not answered does not say that there is no payment", async () => {
    const asked = request();
    const { providerRef } = await provider.authorize(asked);
    const lookups = [null, providerRef].map((ref) => () => provider.lookup({ ...asked, providerRef: ref }));
    for (const lookup of lookups) {
      for (const fault of ["answers 500", "answers 429", "loses the answer"] as const) {
        fake.fail(/GET .*payment_intents/, fault);
        await assert.rejects(lookup(), OutcomeUnknown, fault);
      }
      assert.equal((await lookup())?.status, "authorized");
    }
    fake.fail(/POST .*payment_intents$/, "loses the answer");
    await assert.rejects(provider.lookup({ ...asked, providerRef: null }), OutcomeUnknown);
  });

  test("a refund that Stripe answered with 500 is given once, although Stripe repeats that answer for its key", async () => {
    for (const fault of ["answers 500", "acts and answers 500"] as const) {
      const charge = await held();
      await provider.capture(charge);
      fake.fail(/refunds$/, fault);
      await assert.rejects(provider.refund(charge), OutcomeUnknown);
      assert.equal((await provider.refund(charge)).status, "refunded");
      const lines = fake.statement(charge.providerRef);
      assert.deepEqual(lines.slice(2), ["refunded 4999 eur"], fault);
    }
  });

  test("continues the trace of the order that it is about, if the shop sends traces", async (t) => {
    assert.equal(fake.traceparents.some(Boolean), false);
    const own = { traceId: "b".repeat(32), parentId: "2".repeat(16), sampled: true };
    t.after(traceBy({ start: () => ({ trace: own, set() {}, fail() {}, end() {} }) }));
    const traced = createStripe({ ...keys, url: fake.url, returnUrl: String, now: Date.now });
    await inTraceOf(own, "pay", {}, () => traced.authorize(request()));
    assert.equal(fake.traceparents.at(-1), traceparentOf(own));
  });

  test("with a key that Stripe does not accept nothing counts as done, and the check says so", async () => {
    const stranger = createStripe({
      ...keys,
      secretKey: "sk_test_wrong",
      url: fake.url,
      returnUrl: String,
      now: Date.now,
    });
    await assert.rejects(stranger.authorize(request()), OutcomeUnknown);
    await assert.rejects(stranger.check(), /Invalid API Key/);
    const before = fake.asked.length;
    for (const _ of [1, 2]) await provider.check();
    assert.equal(fake.asked.length, before + 1, "probes come every second");
  });

  test("an answer from before the clock was set back counts as none", async () => {
    let nowMs = Date.now();
    const checked = createStripe({ ...keys, url: fake.url, returnUrl: String, now: () => nowMs });
    await checked.check();
    nowMs -= 3_600_000;
    const before = fake.asked.length;
    for (const _ of [1, 2]) await checked.check();
    assert.equal(fake.asked.length, before + 1);
  });
});

describe("Stripe's webhooks", () => {
  test("say the state that holds, in whatever order they come", async () => {
    const charge = await held();
    await provider.capture(charge);
    const dispute = fake.dispute(charge.providerRef);
    fake.decideDispute(dispute, "lost");
    const late = fake.events.filter(({ type }) => type === "charge.dispute.created").at(-1);
    assert.ok(late);
    const { body, headers } = fake.sign(late);
    assert.equal((await provider.readWebhook(body, headers))?.charge?.status, "charged_back");
  });

  test("of a refund that the buyer's bank did not take ask for an operator", async () => {
    const charge = await held();
    await provider.capture(charge);
    fake.failRefund(charge.providerRef);
    const { body, headers } = fake.sign(fake.events.at(-1) as never);
    const event = await provider.readWebhook(body, headers);
    assert.deepEqual([event?.type, event?.unreadAbout], ["refund.failed", charge.paymentId]);
  });

  test("about other uses of the account, and of other kinds, are events without a charge", async () => {
    const foreign = fake.create({ amount: 100, currency: "eur", capture_method: "manual" });
    fake.confirm(foreign.id, { payment_method: "pm_card_visa" });
    fake.capture(foreign.id);
    fake.refund({ payment_intent: foreign.id });
    for (const event of [...fake.events.slice(-3), { ...fake.events[0], type: "customer.created" }]) {
      const { body, headers } = fake.sign(event as never);
      const read = await provider.readWebhook(body, headers);
      assert.deepEqual([read?.charge, read?.unreadAbout], [undefined, undefined], read?.type);
    }
  });

  test("are asked for again while Stripe does not answer what they are about", async () => {
    const charge = await held();
    await provider.capture(charge);
    fake.dispute(charge.providerRef);
    const { body, headers } = fake.sign(fake.events.at(-1) as never);
    fake.fail(/GET .*disputes/, "answers 500");
    await assert.rejects(provider.readWebhook(body, headers), OutcomeUnknown);
    assert.equal((await provider.readWebhook(body, headers))?.charge?.dispute, "opened");
  });
});

test("amounts become Stripe's units and back without change, or cannot be charged", () => {
  const all = "EUR JPY KWD BHD TND ISK UGX MGA HUF TWD XOF".split(" ");
  for (const currency of all) {
    for (const amount of [1, 10, 99, 100, 1_230, 1_234, 1_000_000_001]) {
      const there = toStripe(amount, currency);
      if (there === undefined) continue;
      assert.ok(Number.isSafeInteger(there));
      assert.equal(fromStripe(there, currency.toLowerCase()), amount, currency);
    }
  }
  assert.deepEqual(
    [toStripe(5_000, "JPY"), toStripe(5, "ISK"), toStripe(1_230, "KWD"), toStripe(1_234, "KWD"), toStripe(150, "MGA")],
    [5_000, 500, 1_230, undefined, undefined],
  );
});
