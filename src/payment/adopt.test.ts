import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { startFakeStripe } from "../../test/servers/fake-stripe.ts";
import type { ListedCharge } from "./provider.ts";
import { openTestShop } from "./shop.testing.ts";
import { createStripe } from "./stripe/stripe.ts";

const keys = { secretKey: "sk_test_adopt", webhookSecret: "whsec_adopt" };
const shop = await openTestShop();
const fake = await startFakeStripe({ ...keys, now: shop.now });
const provider = createStripe({ ...keys, url: fake.url, returnUrl: String, now: shop.now });
const payment = shop.connect({ provider });
const { adoption } = payment;
const beganMs = shop.now();
after(async () => {
  await fake.close();
  await shop.close();
});

function orderToPay(orderId: string, isOver = false) {
  const payByMs = shop.now() + 900_000;
  return { orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs, isOver };
}

/** Paid, and then the books are those from before. */
async function paidAndForgotten({ captured = false } = {}): Promise<string> {
  const orderId = await shop.order();
  const paid = await payment.pay(orderToPay(orderId), { paymentMethod: "pm_card_visa" });
  assert.ok(paid.ok);
  if (captured) await payment.capture(orderId);
  await forget(orderId);
  return orderId;
}

async function forget(orderId: string): Promise<void> {
  for (const table of ["news", "payment", "intent"]) {
    await shop.sql.query(`delete from payment.${table} where order_id = $1`, [orderId]);
  }
}

async function strange(): Promise<ListedCharge[]> {
  const found: ListedCharge[] = [];
  for await (const page of adoption.strange(beganMs)) found.push(...page);
  return found;
}

async function chargeOf(orderId: string): Promise<ListedCharge> {
  const charge = (await strange()).find((one) => one.orderId === orderId);
  assert.ok(charge, `the provider lists a charge of order ${orderId} that the books do not have`);
  return charge;
}

/** The kinds of its lines at the provider. */
function linesOf(orderId: string) {
  return [...fake.intents.values()]
    .filter(({ metadata }) => metadata.dropgate_order === orderId)
    .flatMap(({ id }) => fake.statement(id).map((line) => line.split(" ")[0]));
}

async function settle(): Promise<void> {
  shop.passMs(70_000);
  await payment.sweep();
}

for (const captured of [false, true]) {
  test(`a payment that restored books lack pays its order again, ${captured ? "captured" : "held"} at the provider once`, async () => {
    const orderId = await paidAndForgotten({ captured });
    const charge = await chargeOf(orderId);
    for (const _ of [1, 2]) await adoption.adopt(orderToPay(orderId), charge);
    assert.deepEqual(await shop.states(orderId), [captured ? "captured" : "authorized"]);
    assert.equal(await payment.verdict(orderId), "authorized");
    await payment.capture(orderId);
    assert.deepEqual(linesOf(orderId), ["authorized", "captured"]);
    assert.ok((await strange()).every((one) => one.orderId !== orderId));
  });

  test(`a payment of an order that ended without it is given back, ${captured ? "captured" : "held"} before`, async () => {
    const orderId = await paidAndForgotten({ captured });
    await adoption.adopt(orderToPay(orderId, true), await chargeOf(orderId));
    await settle();
    assert.deepEqual(linesOf(orderId).at(-1), captured ? "refunded" : "voided");
  });
}

test("a payment beside a second one, which the buyer made after the restore, is given back", async () => {
  const orderId = await paidAndForgotten();
  assert.ok((await payment.pay(orderToPay(orderId), { paymentMethod: "pm_card_visa" })).ok);
  await adoption.adopt(orderToPay(orderId), await chargeOf(orderId));
  await settle();
  await payment.capture(orderId);
  assert.deepEqual(linesOf(orderId).toSorted(), ["authorized", "authorized", "captured", "voided"]);
  assert.deepEqual(await shop.states(orderId), ["captured", "voided"]);
});

test("a payment that the books know is brought to what the provider did to it after the backup", async () => {
  const orderId = await shop.order();
  assert.ok((await payment.pay(orderToPay(orderId), { paymentMethod: "pm_card_visa" })).ok);
  await payment.capture(orderId);
  const intent = [...fake.intents.values()].find(({ metadata }) => metadata.dropgate_order === orderId);
  fake.refund({ payment_intent: intent?.id });
  await adoption.refresh(beganMs);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
});

test("a payment from long before the backup, whose order was still open in it and was cancelled after it, is not granted any more", async () => {
  const orderId = await shop.order();
  assert.ok((await payment.pay(orderToPay(orderId), { paymentMethod: "pm_card_visa" })).ok);
  const intent = [...fake.intents.values()].find(({ metadata }) => metadata.dropgate_order === orderId);
  fake.cancel(intent?.id ?? assert.fail("the provider has no intent of the order"));
  shop.passMs(300_000);
  await adoption.refresh(shop.now());
  assert.deepEqual(await shop.states(orderId), ["voided"]);
});

test("charges of other programs, declined ones and those from before the moment are not listed", async () => {
  const foreign = fake.create({ amount: 100, currency: "eur", capture_method: "manual" });
  fake.confirm(foreign.id, { payment_method: "pm_card_visa" });
  const orderId = await shop.order();
  await payment.pay(orderToPay(orderId), { paymentMethod: "pm_card_chargeDeclined" });
  await forget(orderId);
  const known = new Set((await strange()).map((one) => one.orderId));
  assert.ok(!known.has(orderId));
  const late = await paidAndForgotten();
  for await (const page of adoption.strange(shop.now() + 60_000)) assert.deepEqual(page, []);
  await adoption.adopt(orderToPay(late), await chargeOf(late));
});

test("all pages of the provider's list are read", async () => {
  const many = Array.from({ length: 230 }, () => {
    const metadata = { dropgate_payment: randomUUID(), dropgate_order: randomUUID() };
    const intent = fake.create({ amount: 4_999, currency: "eur", capture_method: "manual", metadata });
    fake.confirm(intent.id, { payment_method: "pm_card_visa" });
    return metadata.dropgate_order;
  });
  const found = new Set((await strange()).map(({ orderId }) => orderId));
  assert.deepEqual(
    many.filter((orderId) => !found.has(orderId)),
    [],
  );
});
