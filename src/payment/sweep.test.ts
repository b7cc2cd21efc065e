import assert from "node:assert/strict";
import { after, test } from "node:test";
import { armCrashPoint } from "#platform/crash-points";
import { OutcomeUnknown, type Provider } from "./provider.ts";
import { openTestShop } from "./shop.testing.ts";

const shop = await openTestShop();
after(() => shop.close());

const { provider } = shop.simulator;

test("money that is to go back is said to be back only once the provider has given it back", async () => {
  async function shown(orderId: string) {
    const { status, isOnItsWay } = (await shop.payment.lastAttempts([orderId])).get(orderId) ?? {};
    return [status, isOnItsWay];
  }
  for (const [isCaptured, status] of [
    [true, "refunded"],
    [false, "voided"],
  ] as const) {
    const orderId = await shop.order();
    await shop.pay(orderId);
    await shop.hearFromProvider();
    if (isCaptured) await shop.payment.capture(orderId);
    armCrashPoint("payment.close-decided", { kind: "error" }, 1);
    await assert.rejects(shop.payment.close(orderId));
    assert.deepEqual(await shown(orderId), [status, true]);
    await shop.payment.close(orderId);
    assert.deepEqual(await shown(orderId), [status, undefined]);
  }
});

test("a refund that was refused a thousand times stops no other payment, and its pauses stay a minute", async () => {
  const refused = await refundOwed();
  const refusing = connect({
    async refund({ paymentId }) {
      throw new OutcomeUnknown("refund", paymentId);
    },
  });
  await shop.sql.query("update payment.payment set tries = 1023 where payment_id = $1", [refused]);
  for (let round = 0; round < 3; round += 1) {
    shop.passMs(61_000);
    assert.equal((await refusing.sweep()).failed, 1);
  }
  assert.equal((await nextTryOf(refused)).getTime() - shop.now(), 60_000);
  const lost = await shop.order();
  // No webhook ever comes for this card.
  await shop.pay(lost, "4000 0000 0000 0505");
  await shop.hearFromProvider();
  shop.passMs(61_000);
  await refusing.sweep();
  assert.equal(await shop.payment.verdict(lost), "authorized");
  await shop.settleAll();
});

test("money that is owed does not wait until a clock that was set back has caught up", async () => {
  const { orderId } = await captured();
  armCrashPoint("payment.close-decided", { kind: "error" }, 1);
  await assert.rejects(shop.payment.close(orderId));
  shop.passMs(-3_600_000);
  await shop.payment.sweep();
  assert.equal((await shop.payment.lastAttempts([orderId])).get(orderId)?.isOnItsWay, undefined);
  shop.passMs(3_600_000);
});

test("a doubt about which the provider does not answer keeps no other one waiting, and no sweep from its end", async () => {
  const [silent, answered] = [await doubted(), await doubted()];
  const halfSilent = connect({
    async lookup(attempt) {
      if (attempt.paymentId === silent.paymentId) throw new OutcomeUnknown("lookup", attempt.paymentId);
      return provider.lookup(attempt);
    },
  });
  await halfSilent.sweep();
  assert.deepEqual(await shop.states(silent.orderId), ["captured"]);
  assert.deepEqual(await shop.states(answered.orderId), ["voided"]);
  await shop.settleAll();
  assert.deepEqual(await shop.states(silent.orderId), ["voided"]);
});

test("doubts that the provider does not answer about keep no later one waiting, however many they are", async () => {
  const silent = new Set<string>();
  for (let i = 0; i < 51; i += 1) silent.add((await doubted()).paymentId);
  const answered = await doubted();
  const halfSilent = connect({
    async lookup(attempt) {
      if (silent.has(attempt.paymentId)) throw new OutcomeUnknown("lookup", attempt.paymentId);
      return provider.lookup(attempt);
    },
  });
  await halfSilent.sweep();
  assert.deepEqual(await shop.states(answered.orderId), ["voided"]);
  await shop.settleAll();
});

function connect(changed: Partial<Provider>) {
  return shop.connect({ provider: { ...provider, ...changed } });
}

/** Captured, and then not wanted any more; the bank was not asked yet. */
async function refundOwed(): Promise<string> {
  const { paymentId } = await captured();
  await shop.sql.query("update payment.payment set state = 'refunding', next_try_at = $2 where payment_id = $1", [
    paymentId,
    new Date(shop.now()),
  ]);
  return paymentId;
}

/** Voided by hand after its capture. */
async function doubted() {
  const payment = await captured();
  assert.equal(await shop.simulator.byHand(payment.paymentId, { deed: "void" }), true);
  await shop.hearFromProvider();
  return payment;
}

async function captured() {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  await shop.payment.capture(orderId);
  await shop.hearFromProvider();
  return { orderId, paymentId };
}

async function nextTryOf(paymentId: string): Promise<Date> {
  const [row] = await shop.sql.query<{ at: Date }>(
    "select next_try_at as at from payment.payment where payment_id = $1",
    [paymentId],
  );
  assert.ok(row);
  return row.at;
}
