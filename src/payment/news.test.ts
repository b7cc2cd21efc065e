import assert from "node:assert/strict";
import { after, test } from "node:test";
import { countOpenStatement } from "./findings.ts";
import { attempt, openTestShop } from "./shop.testing.ts";
import type { DeedByHand } from "./simulator/by-hand.ts";

const shop = await openTestShop();
const { payment, simulator } = shop;
after(() => shop.close());

/** A payment that a confirmed order relies on. */
async function kept(): Promise<{ orderId: string; paymentId: string }> {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  await payment.capture(orderId);
  await shop.settleAll();
  return { orderId, paymentId };
}

async function newsOf(orderId: string) {
  return (await payment.news(undefined, 1_000)).filter((news) => news.orderId === orderId).map(({ kind }) => kind);
}

async function partsOf(orderId: string) {
  return (await payment.news(undefined, 1_000))
    .filter((news) => news.orderId === orderId && news.kind === "partly_refunded")
    .map(({ partMinor, givenBackMinor }) => [partMinor, givenBackMinor]);
}

async function findingsOf(orderId: string) {
  return (await payment.findings.open()).filter((finding) => finding.orderId === orderId).map(({ kind }) => kind);
}

async function attemptOf(orderId: string) {
  return (await payment.lastAttempts([orderId])).get(orderId);
}

async function byHand(paymentId: string, ...deeds: DeedByHand[]): Promise<void> {
  for (const deed of deeds) {
    assert.ok(await simulator.byHand(paymentId, deed), deed.deed);
    await shop.hearFromProvider();
  }
}

for (const { deed, state, news, finding } of [
  { deed: "refund", state: "refunded", news: "refunded_outside", finding: false },
  { deed: "charge_back", state: "charged_back", news: "charged_back", finding: true },
  { deed: "void", state: "voided", news: "voided_outside", finding: true },
] as const) {
  test(`O5: a ${deed} at the bank of a confirmed order's payment is news of lost money, and the buyer is not asked to pay again`, async () => {
    const { orderId, paymentId } = await kept();
    await byHand(paymentId, { deed });
    await shop.settleAll();
    assert.deepEqual(await newsOf(orderId), [news]);
    assert.deepEqual(await findingsOf(orderId), finding ? [news] : []);
    assert.deepEqual(await shop.states(orderId), [state]);
    assert.equal((await attemptOf(orderId))?.retryable, false);
    assert.deepEqual(shop.newsOf(orderId), ["authorized"], "no card was declined");
    assert.deepEqual(await attempt(payment, orderId, { cardNumber: "4242424242424242" }), {
      ok: false,
      reason: "payment_closed",
    });
  });
}

test("O5: money that the bank takes and gives back before the order is confirmed leaves the order unpaid", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  await byHand(paymentId, { deed: "capture" }, { deed: "void" });
  await shop.settleAll();
  assert.deepEqual(await shop.states(orderId), ["voided"]);
  assert.equal((await attempt(payment, orderId, { cardNumber: "4242424242424242" })).ok, true);
});

test("O5: an old message that a charge is void does not count; the provider is asked, and a finding opens", async () => {
  const { orderId, paymentId } = await kept();
  assert.equal(await shop.webhook({ paymentId, status: "voided" }).send(), "accepted");
  await shop.settleAll();
  assert.deepEqual(await newsOf(orderId), []);
  assert.deepEqual(await findingsOf(orderId), ["voided_outside"]);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
});

test("O5: a charge that is void in truth after an old message said so is news of lost money, and the finding opens again", async () => {
  const { orderId, paymentId } = await kept();
  await shop.webhook({ paymentId, status: "voided" }).send();
  await shop.settleAll();
  const [finding] = (await payment.findings.open()).filter((one) => one.orderId === orderId);
  assert.ok(finding);
  await payment.findings.close(finding.findingId, "grace", "the bank denies it");
  await byHand(paymentId, { deed: "void" });
  await shop.settleAll();
  assert.deepEqual(await shop.states(orderId), ["voided"]);
  assert.deepEqual(await newsOf(orderId), ["voided_outside"]);
  assert.deepEqual(await findingsOf(orderId), ["voided_outside"]);
});

test("O5: a charge that becomes void while the provider answers about an old message is asked about again", async () => {
  const { orderId, paymentId } = await kept();
  await shop.webhook({ paymentId, status: "voided" }).send();
  const { provider } = simulator;
  let isFirst = true;
  const slow = shop.connect({
    provider: {
      ...provider,
      async lookup(ref) {
        const charge = await provider.lookup(ref);
        if (isFirst) {
          isFirst = false;
          shop.passMs(1_000);
          await byHand(paymentId, { deed: "void" });
        }
        return charge;
      },
    },
  });
  await slow.sweep();
  await shop.settleAll();
  assert.deepEqual(await shop.states(orderId), ["voided"]);
  assert.deepEqual(await newsOf(orderId), ["voided_outside"]);
});

test("O5, S10: partial refunds add up, the sum of all is a full refund, and never more than was paid", async () => {
  const { orderId, paymentId } = await kept();
  await byHand(paymentId, { deed: "refund", amountMinor: 1_000 });
  assert.deepEqual(await newsOf(orderId), ["partly_refunded"]);
  const { status, givenBackMinor } = (await attemptOf(orderId)) ?? {};
  assert.deepEqual({ status, givenBackMinor }, { status: "captured", givenBackMinor: 1_000 });
  await byHand(paymentId, { deed: "refund", amountMinor: 2_000 }, { deed: "refund", amountMinor: 9_999 });
  assert.deepEqual(await newsOf(orderId), ["partly_refunded", "partly_refunded", "refunded_outside"]);
  assert.deepEqual(await partsOf(orderId), [
    [1_000, 1_000],
    [2_000, 3_000],
  ]);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
  assert.deepEqual(await shop.statement(orderId), [
    "authorized 4999 EUR",
    "captured 4999 EUR",
    ...["refunded 1000 EUR", "refunded 2000 EUR", "refunded 1999 EUR"],
  ]);
});

test("O5, S10: after a manual partial refund, our refund gives back the rest", async () => {
  const { orderId, paymentId } = await kept();
  await byHand(paymentId, { deed: "refund", amountMinor: 1_000 });
  await payment.close(orderId);
  await payment.close(orderId);
  await shop.settleAll();
  assert.deepEqual((await shop.statement(orderId)).slice(2), ["refunded 1000 EUR", "refunded 3999 EUR"]);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
});

test("O5: a dispute is a finding until it is won or the bank takes the money back", async () => {
  const won = await kept();
  await byHand(won.paymentId, { deed: "dispute" });
  assert.deepEqual(await findingsOf(won.orderId), ["disputed"]);
  await byHand(won.paymentId, { deed: "win_dispute" });
  assert.deepEqual(await findingsOf(won.orderId), []);
  assert.deepEqual(await newsOf(won.orderId), ["disputed", "dispute_won"]);

  const lost = await kept();
  await byHand(lost.paymentId, { deed: "dispute" }, { deed: "charge_back" });
  assert.deepEqual(await findingsOf(lost.orderId), ["disputed", "charged_back"]);
});

test("O5: a second dispute, or a second message that is not understood, opens a finding after the first was closed", async () => {
  const { orderId, paymentId } = await kept();
  await byHand(paymentId, { deed: "dispute" }, { deed: "win_dispute" }, { deed: "dispute" });
  assert.deepEqual(await findingsOf(orderId), ["disputed"]);
  await byHand(paymentId, { deed: "win_dispute" });
  assert.deepEqual(await findingsOf(orderId), []);
  for (let i = 0; i < 2; i += 1) {
    await shop.webhook({ paymentId, status: "under_review" as never }).send();
    const [finding] = (await payment.findings.open()).filter((one) => one.orderId === orderId);
    assert.equal(finding?.kind, "not_understood");
    await payment.findings.close(finding.findingId, "grace", "the bank was asked");
  }
});

test("O5: the message of a dispute that comes after that of its end leaves no finding open", async () => {
  const { orderId, paymentId } = await kept();
  for (const dispute of ["won", "opened"] as const) {
    await shop.webhook({ paymentId, status: "captured", dispute }).send();
  }
  assert.deepEqual(await findingsOf(orderId), []);
  assert.deepEqual(await newsOf(orderId), ["dispute_won", "disputed"]);
});

test("O5: a chargeback after our refund is a finding", async () => {
  const { orderId, paymentId } = await kept();
  await payment.close(orderId);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
  await shop.webhook({ paymentId, status: "charged_back" }).send();
  assert.deepEqual(await findingsOf(orderId), ["charged_back_after_refund"]);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
});

test("O5: a manual capture pays the order if it is still open, and is refunded if it is not", async () => {
  const wanted = await shop.order();
  const paymentId = await shop.pay(wanted);
  await shop.hearFromProvider();
  await byHand(paymentId, { deed: "capture" });
  await payment.capture(wanted);
  assert.deepEqual(await shop.statement(wanted), ["authorized 4999 EUR", "captured 4999 EUR"]);

  const ended = await shop.order();
  const late = await shop.pay(ended);
  await shop.hearFromProvider();
  await simulator.byHand(late, { deed: "capture" });
  await payment.close(ended);
  await shop.settleAll();
  assert.deepEqual(await shop.states(ended), ["refunded"]);
});

/** The payment of a confirmed order, whose capture is under way when another amount is captured by hand. */
async function capturedByHand(amountMinor: number) {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  await shop.sql.query("update payment.payment set state = 'capturing', kept_at = now() where payment_id = $1", [
    paymentId,
  ]);
  await shop.webhook({ paymentId, status: "captured", amountMinor }).send();
  return { orderId, paymentId };
}

test("O5: a manual capture of another amount from a confirmed order's payment is a finding and is not refunded", async () => {
  const { orderId } = await capturedByHand(4_000);
  assert.deepEqual(await findingsOf(orderId), ["captured_otherwise"]);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
});

test("O5: all of another amount that was captured by hand is a full refund, by the bank or by us", async () => {
  const byBank = await capturedByHand(4_000);
  await shop.webhook({ paymentId: byBank.paymentId, status: "refunded", amountMinor: 4_000 }).send();
  assert.deepEqual(await shop.states(byBank.orderId), ["refunded"]);
  assert.deepEqual(await newsOf(byBank.orderId), ["captured_otherwise", "refunded_outside"]);

  const byUs = await capturedByHand(4_000);
  const refunded = { providerRef: "ch_test", status: "refunded", amountMinor: 4_000, currency: "EUR" } as const;
  await shop.connect({ provider: { ...simulator.provider, refund: async () => refunded } }).close(byUs.orderId);
  assert.deepEqual(await shop.states(byUs.orderId), ["refunded"]);
});

test("O5: a hold that lapses between the order's confirmation and the capture is news, and the capture is not repeated for ever", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  await byHand(paymentId, { deed: "void" });
  await payment.capture(orderId);
  assert.deepEqual(await newsOf(orderId), ["lost_before_kept", "authorization_lapsed"]);
  assert.deepEqual(await findingsOf(orderId), ["authorization_lapsed"]);
});

test("O5: a signed webhook about a payment with an unknown status is a finding, and changes nothing", async () => {
  const { orderId, paymentId } = await kept();
  await shop.webhook({ paymentId, status: "under_review" as never }).send();
  assert.deepEqual(await findingsOf(orderId), ["not_understood"]);
  const halfSaid = await kept();
  await shop.webhook({ paymentId: halfSaid.paymentId, status: "refunded", amountMinor: "all of it" as never }).send();
  assert.deepEqual(await findingsOf(halfSaid.orderId), ["not_understood"]);
  assert.deepEqual(await shop.states(orderId), ["captured"]);
});

test("O5: a finding is closed once, by name and with a reason", async () => {
  const { orderId, paymentId } = await kept();
  await byHand(paymentId, { deed: "dispute" });
  const [finding] = (await payment.findings.open()).filter((one) => one.orderId === orderId);
  assert.ok(finding);
  assert.ok(await payment.findings.close(finding.findingId, "grace", "evidence was sent"));
  assert.ok(await payment.findings.close(finding.findingId, "linus", "again"));
  const [row] = await shop.sql.query<{ by: string }>("select closed_by as by from payment.news where news_id = $1", [
    finding.findingId,
  ]);
  assert.equal(row?.by, "grace");
  assert.deepEqual(await findingsOf(orderId), []);
  assert.equal(await payment.findings.close(999_999_999, "grace", "no such"), false);
});

test("a refund that the provider refuses for minutes is one finding, which ends once the refund is through", async () => {
  const { orderId } = await kept();
  const refund = async () => assert.fail("the account lacks the money");
  const refused = shop.connect({ provider: { ...simulator.provider, refund } });
  await refused.close(orderId);
  for (let tries = 1; tries <= 12; tries += 1) {
    shop.passMs(70_000);
    await refused.sweep();
    assert.deepEqual(await findingsOf(orderId), tries < 10 ? [] : ["refund_refused"]);
  }
  assert.equal((await payment.findings.countOpen()).get("refund_refused"), 1);
  shop.passMs(70_000);
  await payment.sweep();
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
  assert.deepEqual(await findingsOf(orderId), []);
  assert.equal((await payment.findings.countOpen()).get("refund_refused"), undefined);
});

test("findings are counted without a look at every payment", async () => {
  const { sql } = shop;
  await sql.query(
    `insert into payment.intent (order_id, user_id, amount_minor, currency, pay_by, opened_at)
     select gen_random_uuid(), 'many', 100, 'EUR', now(), now() from generate_series(1, 20000)`,
  );
  await sql.query(
    `insert into payment.payment (payment_id, order_id, attempt, state, amount_minor, currency, provider, card_last4,
            requested_at, next_try_at, changed_at)
     select gen_random_uuid(), order_id, 1, 'captured', 100, 'EUR', 'simulator', '4242', now(), now(), now()
       from payment.intent where user_id = 'many'`,
  );
  await sql.query(
    `insert into payment.news (payment_id, order_id, kind, given_back_minor, needs_person, happened_at)
     select payment_id, order_id, 'disputed', 0, true, now() from payment.payment join payment.intent using (order_id)
      where user_id = 'many' limit 5000`,
  );
  await sql.query("analyze payment.payment");
  await sql.query("analyze payment.news");
  const plan = JSON.stringify(await sql.query(`explain (analyze, format json) ${countOpenStatement}`));
  const rows = [...plan.matchAll(/"Relation Name":"payment".*?"Actual Rows":([\d.]+)/g)].map((found) =>
    Number(found[1]),
  );
  assert.ok(rows.length > 0 && Math.max(...rows) < 100, plan);
  assert.ok(((await payment.findings.countOpen()).get("disputed") ?? 0) >= 5_000);
});
