/** The life of an order in the books: also state.ts, restore.ts and refunds.ts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Sql } from "#engines/sql";
import { writeMode } from "../inventory/agreement/mode.ts";
import { countOutcomes } from "../inventory/books/outcomes.ts";
import type { Order } from "./orders.ts";
import { type OrderStage, openOrderStage } from "./stage.testing.ts";

const refund = { reason: "came back broken", restock: true, actor: "grace" };

describe("an order in the books", () => {
  let stage: OrderStage;
  let orders: OrderStage["orders"];
  before(async () => {
    stage = await openOrderStage();
    orders = stage.orders;
  });
  after(() => stage.close());

  /** As many orders of one unit each, in the books. */
  async function settled(productId: string, howMany: number): Promise<Order[]> {
    await Promise.all(Array.from({ length: howMany }, () => stage.place({ productId })));
    const records = await stage.gate.records(productId);
    assert.equal(records.length, howMany);
    await orders.settlement.redrive(records);
    return Promise.all(records.map(({ orderId }) => read(orderId)));
  }

  async function oneOf(productId: string): Promise<string> {
    const [order] = await settled(productId, 1);
    return order?.orderId ?? "";
  }

  async function read(orderId: string): Promise<Order> {
    const order = await orders.settled(orderId, 0);
    assert.ok(order);
    return order;
  }

  test("orders that are read at the same time are one statement, and each reader gets their own", async () => {
    const productId = await stage.newProduct({ stock: 40 });
    const orderIds = (await settled(productId, 40)).map(({ orderId }) => orderId);
    let statements = 0;
    const query: Sql["query"] = (text, values) => {
      statements += 1;
      return stage.sql.query(text, values);
    };
    const { find } = stage.open({ sql: { ...stage.sql, query } });
    const upper = orderIds[0]?.toUpperCase() ?? "";
    const found = await Promise.all([...orderIds, upper].map((orderId) => find(orderId)));
    assert.deepEqual(
      found.map((order) => typeof order === "object" && order.orderId),
      [...orderIds, orderIds[0]],
    );
    assert.equal(statements, 1);
  });

  const idsIn = (found: readonly Order[]) => found.map(({ orderId }) => orderId).toSorted();

  const steps = {
    confirm: (id: string) => orders.confirm(id),
    fail: (id: string) => orders.fail(id, "payment_timeout"),
    cancel: (id: string) => orders.cancel(id, "cancelled_by_customer"),
    lapse: (id: string) => orders.lapse(id),
    failUndecided: (id: string) => orders.failUndecided(id, "payment_timeout"),
    refund: (id: string) => orders.refund(id, refund),
  };
  type StepName = keyof typeof steps;

  async function soldAndHeld(productId: string): Promise<{ sold: number; held: number }> {
    await countOutcomes(stage.sql, 100);
    const stock = await stage.inventory.books.stock(productId);
    assert.ok(stock);
    return { sold: stock.sold, held: stock.held };
  }

  const isOpen: Partial<Record<StepName, string>> = {
    confirm: "CONFIRMED",
    fail: "FAILED",
    cancel: "CANCELLED",
    lapse: "PAYMENT_PENDING payment_undecided",
  };
  /** By the steps that lead there: the result of each step. Steps that are not named change nothing. */
  const table: { of: string; by: StepName[]; becomes: Partial<Record<StepName, string>> }[] = [
    { of: "a new order", by: [], becomes: isOpen },
    { of: "an undecided order", by: ["lapse"], becomes: { cancel: "CANCELLED", failUndecided: "FAILED" } },
    { of: "a confirmed order", by: ["confirm"], becomes: { refund: "REFUNDED" } },
    { of: "a failed order", by: ["fail"], becomes: {} },
    { of: "a cancelled order", by: ["cancel"], becomes: {} },
    { of: "a refunded order", by: ["confirm", "refund"], becomes: {} },
  ];
  for (const { of, by, becomes } of table) {
    const names = Object.keys(steps) as StepName[];
    test(`${of} becomes ${Object.values(becomes).join(", ") || "nothing else"}; every other step changes nothing`, async () => {
      const found = await settled(await stage.newProduct({ stock: 9 }), names.length);
      await Promise.all(
        names.map(async (name, i) => {
          const { orderId } = found[i] as Order;
          for (const step of by) assert.ok(await steps[step](orderId));
          const before = await read(orderId);
          const taken = await steps[name](orderId);
          const expected = becomes[name];
          assert.deepEqual(await read(orderId), taken ?? before, name);
          assert.equal(taken !== undefined, expected !== undefined, name);
          if (!taken || expected === undefined) return;
          const { status, reason } = taken;
          assert.ok(expected === status || expected === `${status} ${reason}`, `${name}: ${status} ${reason}`);
          assert.equal(taken.timeline.length, before.timeline.length + 1);
        }),
      );
    });
  }

  test("ends once, and its units are counted once, whatever happens to it at the same moment", async () => {
    const productId = await stage.newProduct({ stock: 6 });
    const found = await settled(productId, 6);
    const told: (Order | undefined)[] = [];
    const stopListening = orders.onChange((order) => told.push(order));
    await Promise.all(
      found.map(async ({ orderId }) => {
        const ends = await Promise.all([steps.confirm(orderId), steps.fail(orderId), steps.cancel(orderId)]);
        assert.equal(ends.filter(Boolean).length, 1);
      }),
    );
    stopListening();
    assert.deepEqual(told.map((order) => order?.orderId).toSorted(), found.map(({ orderId }) => orderId).toSorted());
    const confirmed = told.filter((order) => order?.status === "CONFIRMED").length;
    assert.deepEqual(await soldAndHeld(productId), { sold: confirmed, held: 0 });
  });

  test("that was refunded is listed as unfinished until money and units are back, and announces it once", async () => {
    const orderId = await oneOf(await stage.newProduct({ stock: 1 }));
    await orders.confirm(orderId);
    await Promise.all([orders.refund(orderId, refund), orders.refund(orderId, { ...refund, restock: false })]);
    const standing = await orders.readRefund(orderId);
    assert.ok(standing);
    const open = async () => (await orders.unfinishedRefunds(undefined, 100)).map((one) => one.orderId);
    assert.ok((await open()).includes(orderId));
    assert.deepEqual(await orders.unfinishedRefunds(standing, 100), []);
    const entry = { status: "MONEY_RETURNED", at: standing.askedAt.toISOString() };
    await orders.remark(orderId, entry);
    await orders.remark(orderId, entry);
    await orders.refundDone(orderId);
    assert.ok(!(await open()).includes(orderId));
    assert.deepEqual(
      (await read(orderId)).timeline.slice(-2).map(({ status }) => status),
      ["REFUNDED", entry.status],
    );
  });

  test("of which parts were refunded stays confirmed, and announces each part once, beside its entry", async () => {
    const orderId = await oneOf(await stage.newProduct({ stock: 1 }));
    const at = new Date();
    const [first, second] = [
      { partMinor: 5, givenBackMinor: 5, at },
      { partMinor: 5, givenBackMinor: 10, at },
    ];
    await orders.notePartialRefund(orderId, first);
    assert.equal((await read(orderId)).status, "PAYMENT_PENDING");
    await orders.confirm(orderId);
    await Promise.all([first, first, second].map((part) => orders.notePartialRefund(orderId, part)));
    await orders.notePartialRefund(orderId, second);
    const { order, events } = await orders.history(orderId);
    assert.equal(order?.status, "CONFIRMED");
    const sums = order.timeline.flatMap(({ givenBackMinor }) => givenBackMinor ?? []);
    assert.deepEqual(sums.toSorted(), [10, 5]);
    const queued = await stage.sql.query<{ id: string; part: number; sum: number }>(
      `select event ->> 'id' as id, (event -> 'data' ->> 'partMinor')::int as part,
              (event -> 'data' ->> 'givenBackMinor')::int as sum
         from orders.outbox, json_array_elements(events) as event
        where event ->> 'type' = 'dropgate.order.partly-refunded' and event -> 'data' ->> 'orderId' = $1
        order by sum`,
      [orderId],
    );
    assert.deepEqual(queued, [
      { id: `${orderId}:PARTLY_REFUNDED:5`, part: 5, sum: 5 },
      { id: `${orderId}:PARTLY_REFUNDED:10`, part: 5, sum: 10 },
    ]);
    const shown = events.filter(({ type }) => type === "dropgate.order.partly-refunded").map(({ id }) => id);
    assert.deepEqual(shown.toSorted(), queued.map(({ id }) => id).toSorted());
  });

  test("gets entries in its timeline before its end, and none after it", async () => {
    const orderId = await oneOf(await stage.newProduct({ stock: 1 }));
    const declined = { status: "PAYMENT_DECLINED", at: new Date().toISOString(), reason: "card_declined" };
    await Promise.all([orders.note(orderId, declined), orders.note(orderId, declined)]);
    await orders.cancel(orderId, "cancelled_by_customer");
    await orders.note(orderId, { ...declined, reason: "insufficient_funds" });
    const told = (await read(orderId)).timeline.map(({ status, reason = "" }) => `${status} ${reason}`);
    assert.deepEqual(told.slice(3), ["PAYMENT_DECLINED card_declined", "CANCELLED cancelled_by_customer"]);
  });

  test("takes a step with others in one transaction, and keeps the run that took it; one that cannot is left", async () => {
    const [first, second, ended] = await settled(await stage.newProduct({ stock: 3 }), 3);
    assert.ok(first && second && ended);
    await orders.cancel(ended.orderId, "cancelled_by_customer");
    const asked = [second, ended, first].map(({ orderId, payBy }) => ({ orderId, dueAt: payBy }));
    const early = asked.map(({ orderId, dueAt }) => ({ orderId, dueAt: new Date(dueAt.getTime() - 1) }));
    assert.deepEqual(await orders.failAll(early, "payment_timeout", "a run"), []);
    const taken = await orders.failAll(asked, "payment_timeout", "a run");
    assert.deepEqual(idsIn(taken), idsIn([first, second]));
    assert.deepEqual(await orders.confirmAll(asked, "another run"), []);
    const runs = await stage.sql.query<{ run: string | null; reason: string; transactions: number }>(
      `select run, reason, count(distinct changed_in)::int as transactions from orders.orders
        where order_id = any($1::uuid[]) group by run, reason order by run`,
      [asked.map(({ orderId }) => orderId)],
    );
    assert.deepEqual(runs, [
      { run: "a run", reason: "payment_timeout", transactions: 1 },
      { run: null, reason: "cancelled_by_customer", transactions: 1 },
    ]);
  });

  test("whose step the database refuses stops no other order of its batch", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    const found = await settled(productId, 3);
    const [bad] = found;
    assert.ok(bad);
    // As if its units had an outcome already.
    await stage.sql.transaction(async (tx) => stage.inventory.books.queueOutcomes(tx, [bad], "released"));
    const taken = await orders.confirmAll(found, null);
    assert.deepEqual(idsIn(taken), idsIn(found.slice(1)));
    assert.equal((await read(bad.orderId)).status, "PAYMENT_PENDING");
    await assert.rejects(orders.confirmAll([bad], null));
  });

  test("is overdue once its deadline has passed, longest first, unless its payment is undecided", async () => {
    const found = await settled(await stage.newProduct({ stock: 4 }), 4);
    const [undecided, ...others] = found;
    await orders.lapse(undecided?.orderId ?? "");
    const mine = (page: readonly Order[]) =>
      page.filter((one) => found.some(({ orderId }) => orderId === one.orderId)).map(({ orderId }) => orderId);
    const lastPayBy = Math.max(...found.map(({ payBy }) => payBy.getTime()));
    const overdue = await orders.overdue(new Date(lastPayBy + 1), undefined, 100);
    assert.deepEqual(mine(overdue).toSorted(), others.map(({ orderId }) => orderId).toSorted());
    const times = overdue.map(({ payBy }) => payBy.getTime());
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    const [first] = overdue;
    assert.deepEqual(await orders.overdue(new Date(lastPayBy + 1), first, 100), overdue.slice(1));
    assert.deepEqual(mine(await orders.overdue(new Date(0), undefined, 100)), []);
    const late = await orders.undecided(undefined, 100);
    assert.deepEqual(mine(late), [undecided?.orderId]);
    assert.deepEqual(await orders.undecided(late[0], 100), late.slice(1));
  });

  describe("whose payment came late", () => {
    async function lapsed(stock: number, limit: number | null = null): Promise<{ productId: string; orderId: string }> {
      const productId = await stage.newProduct({ stock, limit });
      const orderId = await oneOf(productId);
      await orders.lapse(orderId);
      return { productId, orderId };
    }

    async function unitsComeBack(): Promise<void> {
      const { rows } = await countOutcomes(stage.sql, 100);
      for (const row of rows) await stage.gate.apply(row);
    }

    const switchTo = async (mode: "sync" | "gatekeeper" | "closed") => {
      await writeMode(stage.sql, { mode, ready: true, actor: "grace" });
      await stage.inventory.agreement.follow().then((following) => following.stop());
    };
    after(() => switchTo("gatekeeper"));

    for (const mode of ["gatekeeper", "sync"] as const) {
      test(`is confirmed with another unit, once, whatever the number of tries: ${mode}`, async () => {
        await switchTo("gatekeeper");
        const { productId, orderId } = await lapsed(2);
        await unitsComeBack();
        const before = await read(orderId);
        await switchTo(mode);
        const answers = await Promise.all([orders.restore(orderId), orders.restore(orderId)]);
        assert.ok(answers.every((answer) => answer === "restored"));
        assert.equal(await orders.restore(orderId), "restored");
        const order = await read(orderId);
        assert.deepEqual([order.status, order.reason, order.timeline.at(-1)?.reason], ["CONFIRMED", null, "paid_late"]);
        assert.notEqual(order.reservationNo, before.reservationNo);
        assert.deepEqual(await soldAndHeld(productId), { sold: 1, held: 0 });
      });
    }

    for (const mode of ["gatekeeper", "sync"] as const) {
      test(`waits until its own units are back, which its buyer's limit and the stock count until then: ${mode}`, async () => {
        await switchTo("gatekeeper");
        const found = [await lapsed(1), await lapsed(5, 1)];
        await switchTo(mode);
        const restoreAll = () => Promise.all(found.map(({ orderId }) => orders.restore(orderId)));
        assert.deepEqual(await restoreAll(), ["later", "later"]);
        await unitsComeBack();
        assert.deepEqual(await restoreAll(), ["restored", "restored"]);
      });
    }

    test("gets nothing if the units are gone or it has ended, and waits while the shop is closed", async () => {
      await switchTo("gatekeeper");
      const gone = await lapsed(1);
      await unitsComeBack();
      await stage.place({ productId: gone.productId, userId: "bob" });
      assert.equal(await orders.restore(gone.orderId), "impossible");
      const waiting = await lapsed(2);
      await switchTo("closed");
      assert.equal(await orders.restore(waiting.orderId), "later");
      await switchTo("gatekeeper");
      await orders.cancel(waiting.orderId, "cancelled_by_customer");
      assert.equal(await orders.restore(waiting.orderId), "impossible");
      assert.deepEqual(await stage.unitsOf(waiting.productId), { sellable: 1, pending: 0 });
    });
  });
});
