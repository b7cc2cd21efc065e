import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { Sql, Tx } from "#engines/sql";
import type { Payment } from "./payment.ts";
import type { Provider } from "./provider.ts";
import { attempt, openTestShop } from "./shop.testing.ts";

/**
 * Kills the process before and after every statement, commit and call to the provider, one run for each place. The
 * effects of the dead process stay; a new process, the saga's repetitions and the sweep go on from there.
 */
const shop = await openTestShop();
after(() => shop.close());

const card = "4242424242424242";
const declinedCard = "4000000000000010";

test("a confirmed order is paid once, wherever the process dies", async (t) => {
  const places = await killEverywhere(async (payment, orderId) => {
    await open(payment, orderId);
    await attempt(payment, orderId, { cardNumber: card });
    await shop.hearFromProvider(payment);
    await payment.sweep();
    await payment.capture(orderId);
    await shop.hearFromProvider(payment);
  }, paidOnce);
  t.diagnostic(`${places} places to die`);

  async function paidOnce(orderId: string): Promise<void> {
    const { payment } = shop;
    await open(payment, orderId);
    await shop.settleAll();
    if ((await payment.verdict(orderId)) === "open") {
      await shop.pay(orderId, card);
      await shop.hearFromProvider();
    }
    await payment.capture(orderId);
    await shop.settleAll();
    assert.deepEqual(await shop.statement(orderId), ["authorized 4999 EUR", "captured 4999 EUR"]);
  }
});

test("an order that ends while it is being paid costs nothing, wherever the process dies", async (t) => {
  const places = await killEverywhere(async (payment, orderId) => {
    await open(payment, orderId);
    await attempt(payment, orderId, { cardNumber: card });
    await payment.close(orderId);
    await shop.hearFromProvider(payment);
    await payment.sweep();
    await shop.hearFromProvider(payment);
  }, costsNothing);
  t.diagnostic(`${places} places to die`);
});

test("an order that is cancelled after it was paid is refunded once, wherever the process dies", async (t) => {
  const places = await killEverywhere(async (payment, orderId) => {
    await open(payment, orderId);
    await attempt(payment, orderId, { cardNumber: card });
    await shop.hearFromProvider(payment);
    await payment.capture(orderId);
    await payment.close(orderId);
    await shop.hearFromProvider(payment);
  }, costsNothing);
  t.diagnostic(`${places} places to die`);
});

test("an order hears that its card was declined, wherever the process dies", async (t) => {
  const places = await killEverywhere(
    async (payment, orderId) => {
      await open(payment, orderId);
      await attempt(payment, orderId, { cardNumber: declinedCard });
      await shop.hearFromProvider(payment);
    },
    async (orderId) => {
      await shop.settleAll();
      const untold = (await shop.payment.news(undefined, 100)).filter((news) => news.orderId === orderId);
      const heard = [...shop.newsOf(orderId), ...untold.map((one) => `${one.kind}: ${one.declineReason}`)];
      const reasons = await shop.sql.query<{ says: string }>(
        "select state || ': ' || decline_reason as says from payment.payment where order_id = $1",
        [orderId],
      );
      assert.deepEqual(
        [...new Set(heard)],
        reasons.map(({ says }) => says),
      );
      for (const news of untold) await shop.payment.told(news);
    },
  );
  t.diagnostic(`${places} places to die`);
});

async function costsNothing(orderId: string): Promise<void> {
  await shop.payment.close(orderId);
  await shop.settleAll();
  const lines = await shop.statement(orderId);
  const count = (kind: string) => lines.filter((line) => line.startsWith(kind)).length;
  assert.equal(count("authorized"), count("voided") + count("captured"), lines.join());
  assert.equal(count("captured"), count("refunded"), lines.join());
  assert.equal(await shop.payment.verdict(orderId), "open");
}

function open(payment: Payment, orderId: string): Promise<void> {
  const payByMs = shop.now() + 900_000;
  return payment.open({ orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs });
}

async function killEverywhere(
  story: (payment: Payment, orderId: string) => Promise<void>,
  afterwards: (orderId: string) => Promise<void>,
): Promise<number> {
  for (let place = 1; place < 500; place += 1) {
    const life = createLife(place);
    const mortal = shop.connect({ sql: mortalSql(life), provider: mortalProvider(life) });
    const orderId = randomUUID();
    await story(mortal, orderId).catch((error) => assert.ok(life.isOver(), error));
    await afterwards(orderId).catch((error) => {
      throw new Error(`after a death at place ${place} of the story`, { cause: error });
    });
    if (!life.isOver()) return place - 1;
  }
  throw new Error("the story does not end");
}

type Life = ReturnType<typeof createLife>;

/** Ends at its `last` step. A dead process does nothing more, whatever its code would do after an error. */
function createLife(last: number) {
  let steps = 0;

  function step(): void {
    steps += 1;
    if (steps >= last) throw new Error("the process is dead");
  }

  return {
    isOver: () => steps >= last,
    async around<T>(work: () => Promise<T>): Promise<T> {
      step();
      const result = await work();
      step();
      return result;
    },
  };
}

function mortalSql(life: Life): Sql {
  const { sql } = shop;
  return {
    ...sql,
    query: (text, values) => life.around(() => sql.query(text, values)),
    transaction: (work) =>
      life.around(() =>
        sql.transaction((tx) => {
          const query: Tx["query"] = (text, values) => life.around(() => tx.query(text, values));
          return work({ ...tx, query });
        }),
      ),
  };
}

function mortalProvider(life: Life): Provider {
  const { provider } = shop.simulator;
  return {
    ...provider,
    authorize: (request) => life.around(() => provider.authorize(request)),
    capture: (charge) => life.around(() => provider.capture(charge)),
    void: (charge) => life.around(() => provider.void(charge)),
    refund: (charge) => life.around(() => provider.refund(charge)),
    lookup: (charge) => life.around(() => provider.lookup(charge)),
  };
}
