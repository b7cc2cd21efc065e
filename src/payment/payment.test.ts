import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { type Charge, OutcomeUnknown, type Provider } from "./provider.ts";
import { attempt, openTestShop } from "./shop.testing.ts";

const shop = await openTestShop();
const { payment } = shop;
after(() => shop.close());

const declinedCard = "4000 0000 0000 0010";
const noWebhookCard = "4000 0000 0000 0505";
const lostReplyNoWebhookCard = "4000 0000 0000 0606";

test("S7: money is held when the buyer pays and captured only when the order is confirmed, once whatever the number of calls", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  assert.equal(await payment.verdict(orderId), "processing");
  await shop.hearFromProvider();
  assert.equal(await payment.verdict(orderId), "authorized");
  assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR"]);

  await Promise.all([payment.capture(orderId), payment.capture(orderId), payment.capture(orderId)]);
  await payment.capture(orderId);
  await shop.settleAll();
  assert.equal(await payment.verdict(orderId), "authorized");
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "captured 4999 EUR"]);
  assert.deepEqual((await payment.lastAttempts([orderId])).get(orderId), {
    paymentId,
    status: "captured",
    cardLast4: "4242",
    retryable: false,
  });
});

test("S11: amounts keep the decimals of their currency: 5000 JPY and 1.250 KWD are held exactly", async () => {
  for (const [amountMinor, currency] of [
    [5_000, "JPY"],
    [1_250, "KWD"],
  ] as const) {
    const orderId = await shop.order({ amountMinor, currency });
    await shop.pay(orderId);
    await shop.hearFromProvider();
    assert.deepEqual(await shop.statement(orderId), [`authorized ${amountMinor} ${currency}`]);
  }
});

test("a declined card may be followed by another while the order can be paid", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId, declinedCard);
  await shop.hearFromProvider();
  const { status, declineReason, retryable } = (await payment.lastAttempts([orderId])).get(orderId) ?? {};
  assert.deepEqual([status, declineReason, retryable], ["declined", "card_declined", true]);
  await shop.pay(orderId);
  await shop.hearFromProvider();
  assert.deepEqual(shop.newsOf(orderId), ["declined: card_declined", "authorized"]);
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR"]);
});

test("an order is paid by one attempt at a time, whatever the number of clicks at once", async () => {
  const orderId = await shop.order();
  const clicks = Array.from({ length: 8 }, () => attempt(payment, orderId, { cardNumber: "4242424242424242" }));
  const answers = await Promise.all(clicks);
  assert.equal(answers.filter((answer) => answer.ok).length, 1);
  for (const answer of answers) assert.ok(answer.ok || answer.reason === "payment_in_progress");
  await shop.hearFromProvider();
  assert.deepEqual(await attempt(payment, orderId, { cardNumber: "4242424242424242" }), {
    ok: false,
    reason: "already_paid",
  });
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR"]);
});

test("a late, ended or too often tried order is refused with its reason, and the provider is not asked", async () => {
  const reasonOf = async (orderId: string) => {
    const answer = await attempt(payment, orderId, { cardNumber: "4242424242424242" });
    return answer.ok ? "accepted" : answer.reason;
  };
  assert.equal(await reasonOf(randomUUID()), "payment_closed");

  const late = await shop.order({ payInMs: 1_000 });
  shop.passMs(1_000);
  assert.equal(await reasonOf(late), "payment_closed");

  const over = await shop.order();
  await payment.close(over);
  assert.equal(await reasonOf(over), "payment_closed");

  const tried = await shop.order();
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await shop.pay(tried, declinedCard);
    await shop.hearFromProvider();
  }
  assert.equal(await reasonOf(tried), "too_many_attempts");
  assert.equal((await payment.lastAttempts([tried])).get(tried)?.retryable, false);
  for (const orderId of [late, over, tried]) assert.deepEqual(await shop.statement(orderId), []);
});

test("S6: a webhook that comes three times at once, and once more, counts once", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, noWebhookCard);
  const webhook = shop.webhook({ paymentId });
  assert.deepEqual(await Promise.all([webhook.send(), webhook.send(), webhook.send()]), new Array(3).fill("accepted"));
  assert.equal(await webhook.send(), "accepted");
  assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
  const noted = await shop.sql.query("select payment_id from payment.webhook_inbox where event_id = $1", [
    webhook.eventId,
  ]);
  assert.deepEqual(noted, [{ payment_id: paymentId }]);
});

test("S6: three events of one charge at once tell the order once", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, noWebhookCard);
  await Promise.all([1, 2, 3].map(() => shop.webhook({ paymentId }).send()));
  assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
});

test("S6: a webhook about an unknown payment, or about none, is accepted, stored and changes nothing", async () => {
  for (const paymentId of [randomUUID(), "ch_123", ""])
    assert.equal(await shop.webhook({ paymentId }).send(), "accepted");
  const { body, send } = shop.webhook({ paymentId: randomUUID(), status: "exploded" as never });
  assert.ok(body.includes("exploded"));
  assert.equal(await send(), "accepted");
});

test("S6: a result that overtakes the provider's own answer counts", async () => {
  const orderId = await shop.order();
  const early = shop.connect({
    provider: providerWith({
      async authorize(request) {
        const charge = await shop.simulator.provider.authorize(request);
        await shop.hearFromProvider();
        return charge;
      },
    }),
  });
  assert.ok((await attempt(early, orderId, { cardNumber: "4242424242424242" })).ok);
  assert.deepEqual(await shop.states(orderId), ["authorized"]);
});

test("S6: webhooks out of order end in the same state, captured before authorized", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, noWebhookCard);
  for (const status of ["captured", "authorized", "declined"] as const)
    await shop.webhook({ paymentId, status }).send();
  assert.deepEqual(await shop.states(orderId), ["captured"]);
  await shop.webhook({ paymentId, status: "refunded" }).send();
  await shop.webhook({ paymentId, status: "captured" }).send();
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
});

test("S8: an authorization that comes after the order has ended is voided and takes nothing", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId);
  await payment.close(orderId);
  assert.deepEqual(await shop.states(orderId), ["requested"]);
  await shop.settleAll();
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "voided 4999 EUR"]);
  assert.equal(await payment.verdict(orderId), "open");
  assert.deepEqual(shop.newsOf(orderId), []);
  const { status, retryable } = (await payment.lastAttempts([orderId])).get(orderId) ?? {};
  assert.deepEqual([status, retryable], ["voided", false]);
});

test("S8: money captured at the provider for an ended order is refunded once", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId);
  await shop.hearFromProvider();
  // An operator captured it at the provider.
  await shop.simulator.provider.capture({ paymentId, providerRef: null, amountMinor: 4_999, currency: "EUR" });
  await payment.close(orderId);
  await payment.close(orderId);
  await shop.settleAll();
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "captured 4999 EUR", "refunded 4999 EUR"]);
});

test("S10: closing a captured order refunds its payment once, whatever the number of calls and processes", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId);
  await shop.hearFromProvider();
  await payment.capture(orderId);
  await Promise.all([payment.close(orderId), payment.close(orderId), payment.sweep()]);
  await payment.close(orderId);
  await shop.settleAll();
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "captured 4999 EUR", "refunded 4999 EUR"]);
  assert.deepEqual(await shop.states(orderId), ["refunded"]);
});

test("nothing is captured once the order has ended", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId);
  await shop.hearFromProvider();
  await payment.close(orderId);
  await payment.capture(orderId);
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "voided 4999 EUR"]);
});

test("capturing an order without payment is a fault, not a free order", async () => {
  const orderId = await shop.order();
  await assert.rejects(payment.capture(orderId), /no payment of it is authorized/);
});

test("an order that is closed before it was opened stays closed", async () => {
  const orderId = randomUUID();
  await payment.close(orderId);
  await payment.open({ orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs: shop.now() + 900_000 });
  const answer = await attempt(payment, orderId, { cardNumber: "4242424242424242" });
  assert.deepEqual(answer, { ok: false, reason: "payment_closed" });
});

test("a wrong amount or currency is never an authorization: it is refunded and the buyer may try again", async () => {
  for (const wrong of [{ amountMinor: 1 }, { currency: "JPY" }]) {
    const orderId = await shop.order();
    const paymentId = await shop.pay(orderId, noWebhookCard);
    await shop.webhook({ paymentId, ...wrong }).send();
    assert.equal(await payment.verdict(orderId), "open");
    assert.deepEqual(shop.newsOf(orderId), ["declined: amount_mismatch"]);
    await shop.settleAll();
    assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "voided 4999 EUR"]);
    assert.equal((await payment.lastAttempts([orderId])).get(orderId)?.retryable, true);
  }
});

test("S12: no lock and no transaction is held while the provider is asked", async () => {
  const asked: string[] = [];
  const watched = shop.connect({
    provider: watchEveryCall(async (operation) => {
      asked.push(operation);
      const held = await shop.sql.query(
        `select query from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
      );
      assert.deepEqual(held, [], `a transaction is open during ${operation}`);
    }),
  });
  const taken = await shop.order();
  assert.ok((await attempt(watched, taken, { cardNumber: "4242424242424242" })).ok);
  const given = await shop.order();
  assert.ok((await attempt(watched, given, { cardNumber: noWebhookCard })).ok);
  await shop.hearFromProvider();
  shop.passMs(3_000);
  await watched.sweep();
  await watched.capture(taken);
  await watched.close(taken);
  await watched.close(given);
  assert.deepEqual([...new Set(asked)].toSorted(), ["authorize", "capture", "lookup", "refund", "void"]);
});

test("S14: a charge whose answer and webhook were both lost is found by the sweep", async () => {
  for (const card of [noWebhookCard, lostReplyNoWebhookCard]) {
    const orderId = await shop.order();
    await shop.pay(orderId, card);
    await shop.hearFromProvider();
    assert.deepEqual(await shop.states(orderId), ["requested"]);
    shop.passMs(2_000);
    await payment.sweep();
    assert.deepEqual(await shop.states(orderId), ["authorized"]);
    assert.deepEqual(shop.newsOf(orderId), ["authorized"]);
  }
});

test("S14: an operation whose answer is lost is repeated by its caller or by the sweep, and done once", async () => {
  for (const operation of ["capture", "void", "refund"] as const) {
    for (const repeatedBy of ["caller", "sweep"]) {
      const orderId = await shop.order();
      await shop.pay(orderId);
      await shop.hearFromProvider();
      const unlucky = shop.connect({ provider: losingOneReplyOf(operation) });
      const ask = operation === "capture" ? unlucky.capture : unlucky.close;
      if (operation === "refund") await payment.capture(orderId);
      if (operation === "capture") await assert.rejects(ask(orderId), /capture of payment/);
      else await ask(orderId);
      assert.deepEqual(await shop.states(orderId), [
        { capture: "capturing", void: "voiding", refund: "refunding" }[operation],
      ]);
      if (repeatedBy === "caller") await ask(orderId);
      else await shop.settleAll(unlucky);
      const done = { capture: "captured", void: "voided", refund: "refunded" }[operation];
      assert.deepEqual(await shop.states(orderId), [done]);
      const lines = await shop.statement(orderId);
      assert.equal(lines.filter((line) => line.startsWith(done)).length, 1, lines.join());
    }
  }
});

test("S9: a request that never reached the provider counts as lost, and one that arrives later is undone", async () => {
  const orderId = await shop.order();
  let arrive = (): Promise<unknown> => Promise.reject(new Error("nothing was asked"));
  const cutOff = shop.connect({
    provider: providerWith({
      async authorize(request) {
        arrive = () => shop.simulator.provider.authorize(request);
        throw new OutcomeUnknown("authorize", request.paymentId);
      },
    }),
  });
  assert.ok((await attempt(cutOff, orderId, { cardNumber: "4242424242424242" })).ok);
  await shop.settleAll();
  assert.deepEqual(shop.newsOf(orderId), ["declined: not_received"]);
  await shop.pay(orderId);
  await shop.hearFromProvider();
  await arrive();
  await shop.settleAll();
  assert.deepEqual(await shop.states(orderId), ["voided", "authorized"]);
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "authorized 4999 EUR", "voided 4999 EUR"]);
  assert.equal(await payment.verdict(orderId), "authorized", "the other payment keeps the order");
});

test("S3: an undo that fails is stored with its reason and repeated until it is done, and delays no other", async () => {
  const [bad, good] = [await shop.order(), await shop.order()];
  const badId = await shop.pay(bad);
  await shop.pay(good);
  await shop.hearFromProvider();
  let broken = true;
  const shaky = shop.connect({
    provider: providerWith({
      async void(charge) {
        if (broken && charge.paymentId === badId) throw new Error("the bank is closed today");
        return shop.simulator.provider.void(charge);
      },
    }),
  });
  await shaky.close(bad);
  await shaky.close(good);
  await shop.settleAll(shaky);
  assert.deepEqual([await shop.states(bad), await shop.states(good)], [["voiding"], ["voided"]]);
  const [kept] = await shop.sql.query("select last_error as error from payment.payment where payment_id = $1", [badId]);
  assert.match(String(kept?.error), /^void of payment .* failed: the bank is closed today$/);
  broken = false;
  await shop.settleAll(shaky);
  assert.deepEqual(await shop.states(bad), ["voided"]);
});

test("a payment that its order was not told of counts all the same, and grantedSince finds it", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, noWebhookCard);
  const deaf = shop.connect({ onAnnouncement: () => Promise.reject(new Error("no listener")) });
  assert.equal(await shop.webhook({ paymentId }).send(deaf), "accepted");
  assert.equal(await payment.verdict(orderId), "authorized");
  const waiting = () => payment.grantedSince(shop.now() + 1, undefined, 100);
  assert.ok((await waiting()).some((one) => one.orderId === orderId && one.paymentId === paymentId));
  assert.ok(!(await payment.grantedSince(shop.now(), undefined, 100)).some((one) => one.orderId === orderId));
  const [first, ...rest] = await waiting();
  assert.deepEqual(await payment.grantedSince(shop.now() + 1, first, 100), rest, "goes on after a position");
  await payment.close(orderId);
  assert.ok(!(await waiting()).some((one) => one.orderId === orderId));
});

test("an order that was not told of a declined card hears it later, at the time when it was declined", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, noWebhookCard);
  const deaf = shop.connect({ onAnnouncement: () => Promise.reject(new Error("no listener")) });
  const untold = async () => (await payment.news(undefined, 100)).filter((news) => news.orderId === orderId);
  const declinedAt = shop.now();
  await shop.webhook({ paymentId, status: "declined", declineReason: "card_declined" }).send(deaf);
  shop.passMs(5_000);
  const [news, ...others] = await untold();
  assert.ok(news && others.length === 0);
  const { kind, declineReason, happenedAt } = news;
  assert.deepEqual([kind, declineReason, happenedAt.getTime()], ["declined", "card_declined", declinedAt]);
  await payment.told(news);
  assert.deepEqual(await untold(), []);

  const other = await shop.pay(orderId, noWebhookCard);
  await shop.webhook({ paymentId: other, status: "declined" }).send();
  assert.deepEqual([shop.newsOf(orderId), await untold()], [["declined: declined"], []]);
});

test("closing during a webhook, an attempt or a capture leaves nothing held and nothing captured", async (t) => {
  const orders: string[] = [];
  for (let round = 0; round < 60; round += 1) {
    const orderId = await shop.order();
    orders.push(orderId);
    if (round % 3 !== 1) await shop.pay(orderId);
    if (round % 3 === 2) await shop.hearFromProvider();
    const rival = [
      () => shop.hearFromProvider(),
      () => attempt(payment, orderId, { cardNumber: "4242424242424242" }),
      () => payment.capture(orderId),
    ][round % 3] as () => Promise<unknown>;
    await Promise.allSettled(round % 2 ? [rival(), payment.close(orderId)] : [payment.close(orderId), rival()]);
  }
  await shop.settleAll();
  const seen = new Map<string, number>();
  for (const orderId of orders) {
    const lines = await shop.statement(orderId);
    const count = (kind: string) => lines.filter((line) => line.startsWith(kind)).length;
    assert.equal(count("authorized"), count("voided") + count("captured"), lines.join());
    assert.equal(count("captured"), count("refunded"), lines.join());
    assert.equal(await payment.verdict(orderId), "open");
    const story = lines.map((line) => line.split(" ", 1)).join(" → ") || "nothing";
    seen.set(story, (seen.get(story) ?? 0) + 1);
  }
  for (const [story, times] of seen) t.diagnostic(`${times} × ${story}`);
});

test("a card's number is stored nowhere, only its last four digits", async () => {
  const orderId = await shop.order();
  await shop.pay(orderId, "4929 1234 5678 9011");
  await shop.settleAll();
  for (const table of ["intent", "payment", "webhook_inbox"]) await assertNotIn(`payment.${table}`);
  for (const table of ["charge", "statement", "webhook"]) await assertNotIn(`payment_simulator.${table}`);

  async function assertNotIn(table: string): Promise<void> {
    const found = await shop.sql.query(`select 1 from ${table} as row where row::text ~ '4929 ?1234|5678 ?9011'`);
    assert.deepEqual(found, [], table);
  }
});

function providerWith(replaced: Partial<Provider>): Provider {
  return { ...shop.simulator.provider, ...replaced };
}

type Operation = "authorize" | "capture" | "void" | "refund" | "lookup";

function watchEveryCall(before: (operation: Operation) => Promise<void>): Provider {
  const { provider } = shop.simulator;
  const watched =
    <In, Out>(operation: Operation, call: (input: In) => Promise<Out>) =>
    async (input: In) => {
      await before(operation);
      return call(input);
    };
  return {
    ...provider,
    authorize: watched("authorize", provider.authorize),
    capture: watched("capture", provider.capture),
    void: watched("void", provider.void),
    refund: watched("refund", provider.refund),
    lookup: watched("lookup", provider.lookup),
  };
}

function losingOneReplyOf(operation: "capture" | "void" | "refund"): Provider {
  let lost = false;
  const { provider } = shop.simulator;
  return providerWith({
    async [operation](charge: Parameters<Provider["capture"]>[0]): Promise<Charge> {
      const answer = await provider[operation](charge);
      if (lost) return answer;
      lost = true;
      throw new OutcomeUnknown(operation, charge.paymentId);
    },
  });
}
