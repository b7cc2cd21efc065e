import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql, Tx } from "#engines/sql";
import { createChanges } from "./changes.ts";
import { attempt, openTestShop } from "./shop.testing.ts";
import { createSimulator } from "./simulator/simulator.ts";

const shop = await openTestShop();
after(() => shop.close());

const goodCard = "4242424242424242";

/** The database, how many transactions it was asked for, and its statements. */
function counted() {
  let transactions = 0;
  const statements = new Map<string, readonly unknown[]>();
  const count = <T>(work: Promise<T>): Promise<T> => {
    transactions += 1;
    return work;
  };
  const sql: Sql = {
    ...shop.sql,
    query(text, values) {
      statements.set(text, values ?? []);
      return count(shop.sql.query(text, values));
    },
    transaction: (work) =>
      count(
        shop.sql.transaction((tx) => {
          const query: Tx["query"] = (text, values) => {
            statements.set(text, values ?? []);
            return tx.query(text, values);
          };
          return work({ ...tx, query });
        }),
      ),
  };
  return { sql, statements, transactions: () => transactions };
}

function orders(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => shop.order()));
}

test("a hundred payments begun at once are one transaction, and each gets its own answer", async () => {
  const [over = "", paid = "", ...open] = await orders(97);
  await shop.payment.close(over);
  await shop.pay(paid);
  await shop.hearFromProvider();
  const { sql, transactions } = counted();
  const payment = shop.connect({ sql });
  const openedTooLate = [randomUUID(), randomUUID()];
  const twice = open[0] as string;
  const asked = [...openedTooLate, over, paid, ...open, twice];
  assert.equal(asked.length, 100);
  const answers = await Promise.all(asked.map((orderId) => attempt(payment, orderId, { cardNumber: goodCard })));
  // The bank of this shop counts its own.
  assert.equal(transactions(), 1);
  const reasons = answers.map((answer) => (answer.ok ? "begun" : answer.reason));
  const begun = open.map(() => "begun");
  assert.deepEqual(reasons, [
    "payment_closed",
    "payment_closed",
    "payment_closed",
    "already_paid",
    ...begun,
    "payment_in_progress",
  ]);
  await shop.hearFromProvider();
  assert.deepEqual(
    new Set(await Promise.all(open.map(async (orderId) => (await shop.states(orderId)).join()))),
    new Set(["authorized"]),
  );
});

test("a payment that cannot be stored fails alone", async () => {
  const all = await orders(20);
  const answers = await Promise.allSettled(
    all.map((orderId, i) => attempt(shop.payment, orderId, { cardNumber: i === 7 ? "4242 4242 none" : goodCard })),
  );
  const failed = answers.flatMap((answer, i) => (answer.status === "rejected" ? [[i, answer.reason.message]] : []));
  assert.equal(failed.length, 1);
  assert.match(String(failed[0]), /^7,.*card_last4_check/);
  await shop.hearFromProvider();
  const states = await Promise.all(all.map(async (orderId) => (await shop.states(orderId)).join()));
  assert.deepEqual(
    states,
    all.map((_, i) => (i === 7 ? "" : "authorized")),
  );
});

test("a change whose decision throws fails alone, and its event is not stored", async () => {
  const all = await orders(5);
  const changes = createChanges(shop);
  const eventOf = (orderId: string) => ({ provider: "simulator", eventId: orderId, type: "test", paymentId: null });
  const made = await Promise.allSettled(
    all.map((orderId, i) =>
      changes.make({
        of: { orderId },
        event: eventOf(orderId),
        decide(books) {
          if (i === 2) throw new Error("this one");
          return { answer: books?.intent.orderId };
        },
      }),
    ),
  );
  assert.deepEqual(
    made.map((one) => (one.status === "fulfilled" ? one.value : one.reason.cause.message)),
    all.map((orderId, i) => (i === 2 ? "this one" : orderId)),
  );
  const stored = await shop.sql.query<{ id: string }>(
    "select event_id as id from payment.webhook_inbox where event_id = any($1::text[])",
    [all],
  );
  assert.deepEqual(new Set(stored.map(({ id }) => id)), new Set(all.filter((_, i) => i !== 2)));
});

test("changes of one order in one batch see each other, in the order of the calls", async () => {
  const orderId = randomUUID();
  const order = { orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs: shop.now() + 900_000 };
  const asked = await Promise.all([
    shop.payment.open(order),
    attempt(shop.payment, orderId, { cardNumber: goodCard }),
    shop.payment.lastCall(orderId, order.payByMs),
    attempt(shop.payment, orderId, { cardNumber: goodCard }),
    shop.payment.close(orderId),
  ]);
  assert.deepEqual(
    asked.slice(1, 4).map((answer) => (typeof answer === "object" && "reason" in answer ? answer.reason : answer)),
    [asked[1], "processing", "payment_closed"],
  );
  assert.ok(asked[1].ok);
  await shop.settleAll();
  assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "voided 4999 EUR"]);
});

test("256 orders paid and confirmed at once take no transaction each, and each statement finds its rows by a key", async () => {
  const { sql, statements, transactions } = counted();
  const simulator = createSimulator({ sql, secret: "the secret of many", log: shop.log, now: shop.now });
  const payment = shop.connect({ sql, provider: simulator.provider });
  const all = Array.from({ length: 256 }, () => randomUUID());
  const each = (work: (orderId: string) => Promise<unknown>) => Promise.all(all.map(work));
  const hear = () =>
    simulator.deliverDue(async (body, headers) => {
      assert.equal(await payment.receiveWebhook("simulator", body, headers), "accepted");
    });

  const payByMs = shop.now() + 900_000;
  const order = { userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs };
  await each((orderId) => payment.pay({ ...order, orderId }, { cardNumber: goodCard }));
  shop.passMs(50);
  await hear();
  const verdicts = await each((orderId) => payment.verdict(orderId));
  assert.deepEqual(new Set(verdicts), new Set(["authorized"]));
  await each((orderId) => payment.capture(orderId));
  await hear();
  assert.equal((await shop.states(all[0] as string)).join(), "captured");
  // It is 12, and one more for each webhook or answer that comes alone.
  assert.ok(transactions() <= 25, `${transactions()} transactions`);

  // A connection keeps the plan that it made while the tables were empty, until they are analyzed.
  const empty = await openTestShop();
  for (const [statement, values] of statements) {
    const plan = await empty.sql.transaction(async (tx) => {
      await tx.query("set local plan_cache_mode = force_generic_plan");
      await tx.query(`prepare one as ${statement}`);
      const anything = values.length > 0 ? `(${values.map(() => "null").join()})` : "";
      const lines = await tx.query<{ "QUERY PLAN": string }>(`explain execute one${anything}`);
      await tx.query("deallocate one");
      return lines.map((line) => line["QUERY PLAN"]);
    });
    assert.deepEqual(
      plan.filter((line) => line.includes("Seq Scan")),
      [],
      statement,
    );
  }
  await empty.close();
});

test("changes do not wait for an intent that another session has locked, and its own are made once it is free", async () => {
  const [locked = "", ...free] = await orders(30);
  const paymentId = await shop.pay(locked);
  const granted = shop.webhook({ paymentId, status: "authorized" });
  const waiting: Promise<unknown>[] = [];
  await shop.sql.transaction(async (tx) => {
    await tx.query("select from payment.intent where order_id = $1 for update", [locked]);
    const beganMs = performance.now();
    for (const wave of [free.slice(0, 10), free.slice(10, 20), free.slice(20)]) {
      waiting.push(granted.send(), shop.payment.lastCall(locked, shop.now() + 900_000));
      const answers = await Promise.all(
        wave.map((orderId) => attempt(shop.payment, orderId, { cardNumber: goodCard })),
      );
      assert.deepEqual(
        answers.filter(({ ok }) => !ok),
        [],
      );
    }
    assert.ok(performance.now() - beganMs < 4_000, "they waited for the lock");
    assert.equal((await shop.states(locked)).join(), "requested");
  });
  assert.equal((await Promise.all(waiting)).filter((answer) => answer === "accepted").length, 3);
  assert.equal((await shop.states(locked)).join(), "authorized");
});

test("of changes that wait for their intents, those that become free are made, and the others fail", async () => {
  const [locked = "", ...soonFree] = await orders(3);
  const lock = "select from payment.intent where order_id = any($1::uuid[]) for update";
  await shop.sql.transaction(async (tx) => {
    await tx.query(lock, [[locked]]);
    let closing: Promise<unknown>[] = [];
    await shop.sql.transaction(async (other) => {
      await other.query(lock, [soonFree]);
      closing = [locked, ...soonFree].map((orderId) => shop.payment.close(orderId));
      await sleep(500);
    });
    const [ofLocked, ...ofFree] = await Promise.allSettled(closing);
    assert.deepEqual(
      ofFree.map(({ status }) => status),
      ["fulfilled", "fulfilled"],
    );
    assert.ok(ofLocked?.status === "rejected" && ofLocked.reason.code === "55P03");
  });
  await shop.payment.close(locked);
});
