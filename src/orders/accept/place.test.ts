/** The answers to a request to place an order: also publication.ts, answers.ts, metrics.ts and direct.ts. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { until } from "../../../test/support/until.ts";
import { writeMode } from "../../inventory/agreement/mode.ts";
import { openSale } from "../../inventory/gate/image.testing.ts";
import { type OrderStage, openOrderStage, topics } from "../stage.testing.ts";
import type { PlaceAnswer } from "./answers.ts";

describe("a request to place an order", () => {
  let stage: OrderStage;
  before(async () => {
    stage = await openOrderStage();
  });
  afterEach(disarmCrashPoints);
  after(() => stage.close());

  const saysOf = (answer: PlaceAnswer) => (answer.ok ? answer.order.status : answer.reason);
  const fatesOf = async (orderId: string) =>
    (await stage.inventory.books.ledger.fatesOf([orderId])).map(({ fate }) => fate);
  const stored = async () => (await stage.log.endOffsets(topics.reservations)).get(0) ?? 0n;

  test("is accepted once the log has it and the gate has marked it, at the gate's price", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const before = await stored();
    const answer = await stage.place({ productId, quantity: 2, expectedTotalMinor: 9_800 });
    assert.ok(answer.ok);
    const { orderId, status, totalMinor, currency, replayed } = answer.order;
    assert.deepEqual([status, totalMinor, currency, replayed], ["PENDING", 9_800, "EUR", false]);
    assert.equal(await stored(), before + 1n);
    assert.equal((await stage.gate.record(productId, orderId))?.state, "published");
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 2 });
  });

  test("is accepted by a process that stood still, at the moment at which it goes on", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    // Longer than the mode is trusted. Nothing of this process runs meanwhile, its timers included.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
    assert.equal(saysOf(await stage.place({ productId })), "PENDING");
  });

  test("is refused with the gate's reason, and takes nothing", async () => {
    const productId = await stage.newProduct({ stock: 3, limit: 2 });
    const before = await stored();
    const unpriced = await stage.newProduct({ atGate: "unpriced", stock: 3 });
    const absent = await stage.newProduct({ atGate: "absent" });
    const closed = await stage.newProduct({ stock: 3 });
    await stage.gate.close(closed);
    const answers = [
      await stage.place({ productId, quantity: 4 }),
      await stage.place({ productId, quantity: 3 }),
      await stage.place({ productId, expectedTotalMinor: 1 }),
      await stage.place({ productId: unpriced }),
      await stage.place({ productId: closed }),
      await stage.place({ productId: absent }),
      await stage.place({ productId: "made up" }),
    ];
    assert.deepEqual(answers.map(saysOf), [
      "sold_out",
      "limit_per_customer",
      "price_changed",
      "price_not_available",
      "price_not_available",
      "price_not_available",
      "product_not_found",
    ]);
    assert.equal(await stored(), before);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
  });

  test("under one key at once makes one order, and the others are marked as repeats", async () => {
    const productId = await stage.newProduct({ stock: 9 });
    const ask = () => stage.place({ productId, idempotencyKey: "once" });
    const answers = await Promise.all(Array.from({ length: 6 }, ask));
    const orders = answers.map((answer) => (answer.ok ? answer.order : assert.fail(answer.reason)));
    assert.equal(new Set(orders.map(({ orderId }) => orderId)).size, 1);
    assert.equal(orders.filter(({ replayed }) => !replayed).length, 1);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 8, pending: 1 });
    const later = await ask();
    assert.ok(later.ok && later.order.replayed);
  });

  test("under a key that was used with another body is refused, at the same moment and later", async () => {
    const productId = await stage.newProduct({ stock: 9 });
    const ask = (quantity: number) => stage.place({ productId, quantity, idempotencyKey: "mine" });
    const answers = await Promise.all([ask(1), ask(2)]);
    assert.deepEqual(answers.map(saysOf), ["PENDING", "idempotency_mismatch"]);
    assert.equal(saysOf(await ask(2)), "idempotency_mismatch");
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 8, pending: 1 });
  });

  test("is refused while the maximum number waits, and nothing is held for it", async () => {
    const productId = await stage.newProduct({ stock: 9 });
    const small = stage.open({ maxWaiting: 2 });
    const ask = () => stage.place({ productId }, small);
    const answers = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(answers.map(saysOf), ["PENDING", "PENDING", "overloaded"]);
    assert.equal(small.waiting(), 0);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 7, pending: 2 });
  });

  test("whose event never left has failed: its unit is back, and the next orders wait for one that tries the log", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    const nowhere = stage.open({ topics: { ...topics, reservations: "a topic that is not there" } });
    const ask = () => stage.place({ productId }, nowhere);
    assert.equal(nowhere.recentAppendFault(), undefined);
    const answer = await ask();
    assert.ok(!answer.ok && answer.reason === "order_failed");
    // Only the gate undid it: the books need no row for a reservation that never reached them.
    assert.deepEqual(await fatesOf(answer.orderId), []);
    assert.match(String(nowhere.recentAppendFault()), /the log did not acknowledge/);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
    const answers = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(new Set(answers.map(saysOf)), new Set(["order_failed"]));
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
  });

  test("is found by a retry under its key while the log fails, before and after the books know it", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    const nowhere = stage.open({ topics: { ...topics, reservations: "a topic that is not there" } });
    const retry = () => stage.place({ productId, idempotencyKey: "again" }, nowhere);
    const first = await stage.place({ productId, idempotencyKey: "again" });
    assert.ok(first.ok);
    while (saysOf(await stage.place({ productId, userId: "bob" }, nowhere)) !== "order_failed");
    const early = await retry();
    assert.deepEqual([early.ok && early.order.orderId, early.ok && early.order.replayed], [first.order.orderId, true]);
    await stage.settleAll();
    assert.equal(await stage.gate.record(productId, first.order.orderId), undefined);
    const late = await retry();
    assert.deepEqual([late.ok && late.order.orderId, late.ok && late.order.replayed], [first.order.orderId, true]);
    const other = await stage.place({ productId, idempotencyKey: "another" }, nowhere);
    assert.equal(saysOf(other), "order_failed");
  });

  test("whose event may be in the log is void in the books before its buyer is answered that it failed", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    stage.proxy.dropAnswers({ to: (request) => request.includes(productId), cutting: true });
    const answer = await stage.place({ productId }, stage.open());
    stage.proxy.mend();
    assert.equal(saysOf(answer), "order_failed");
    assert.ok(!answer.ok);
    assert.deepEqual(await fatesOf(answer.orderId), ["void"]);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
  });

  test("is answered by the books' decision if another process has decided it meanwhile", async () => {
    for (const [fate, says] of [
      ["claimed", "PENDING"],
      ["void", "order_failed"],
    ] as const) {
      const productId = await stage.newProduct({ stock: 3 });
      // Its event is on the way to the log.
      const { placing, record } = await stage.operator.holdAppends(async () => {
        const placing = stage.place({ productId });
        const record = await until(async () => (await stage.gate.records(productId))[0]);
        if (fate === "void") {
          await stage.gate.claimVoid(record);
          await stage.inventory.books.voidReservations([record]);
        } else {
          await stage.sql.transaction((tx) => stage.inventory.books.claim(tx, [{ ...record, intent: "claim" }]));
        }
        return { placing, record };
      });
      assert.equal(saysOf(await placing), says);
      assert.deepEqual(await fatesOf(record.orderId), [fate]);
    }
  });

  test("that fails at an unknown step is not accepted, and its units go back", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    armCrashPoint("place.reserved", { kind: "error" }, 1);
    assert.equal(saysOf(await stage.place({ productId }, stage.open())), "order_failed");
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
  });

  test("is counted by its answer, and as hits of stock and price if the gate knew both", async () => {
    const readingOf = (text: string, name: string) => Number(text.split(`\n${name} `)[1]?.split("\n")[0] ?? 0);
    const productId = await stage.newProduct({ stock: 1 });
    const before = await stage.metrics.render();
    await stage.place({ productId });
    await stage.place({ productId });
    await stage.place({ productId: "made up" });
    const after = await stage.metrics.render();
    const grew = (line: string) => readingOf(after, line) - readingOf(before, line);
    assert.deepEqual(
      ["accepted", "sold_out", "product_not_found"].map((answer) => grew(`dropgate_orders_total{answer="${answer}"}`)),
      [1, 1, 1],
    );
    const lookups = ["stock", "price"].map((key) =>
      ["hit", "miss"].map((result) => grew(`dropgate_gate_lookups_total{key="${key}",result="${result}"}`)),
    );
    assert.deepEqual(lookups, [
      [2, 0],
      [2, 0],
    ]);
  });

  test("of a drop that is not open says when it opens, by the clock that decides; a retry of an order gets its order", async () => {
    const productId = await stage.newProduct({ stock: 3 });
    const first = await stage.place({ productId, idempotencyKey: "before" });
    assert.ok(first.ok);
    const sale = { ...openSale, opensAtMs: 4e12 };
    assert.deepEqual(await stage.inventory.books.products.setSale(productId, sale), { ok: true });
    const refused = await stage.place({ productId });
    assert.ok(!refused.ok && refused.reason === "drop_not_open");
    assert.equal(refused.opensAtMs, 4e12);
    assert.ok(refused.nowMs <= Date.now());
    const again = await stage.place({ productId, idempotencyKey: "before" });
    assert.ok(again.ok && again.order.orderId === first.order.orderId);
    await stage.inventory.books.products.setSale(productId, { ...sale, opensAtMs: 0, holdMs: 90_000, version: 2 });
    const placed = await stage.place({ productId });
    assert.ok(placed.ok && placed.order.payByMs - Date.now() > 60_000);
  });

  async function pausedUnheard(): Promise<void> {
    const other = stage.open();
    const productId = await stage.newProduct({ stock: 3 });
    const sale = { ...openSale, holdMs: 90_000 };
    const { setSale } = stage.inventory.books.products;
    await setSale(productId, sale);
    assert.ok((await stage.place({ productId }, other)).ok);
    assert.deepEqual(await setSale(productId, { ...sale, paused: true, version: 2 }), { ok: true });
    assert.equal(saysOf(await stage.place({ productId }, other)), "drop_paused");
  }

  test("pause answered, then an order from a process that has not heard: it is refused", pausedUnheard);

  describe("without the gate", () => {
    const switchTo = async (mode: "sync" | "gatekeeper" | "closed") => {
      await writeMode(stage.sql, { mode, ready: true, actor: "grace" });
      await stage.inventory.agreement.follow().then((following) => following.stop());
    };
    before(() => switchTo("sync"));
    after(() => switchTo("gatekeeper"));

    test("is decided in the books before its answer, by the same rules", async () => {
      const productId = await stage.newProduct({ stock: 3, limit: 2 });
      const first = await stage.place({ productId, quantity: 2, idempotencyKey: "direct" });
      assert.ok(first.ok);
      assert.deepEqual([first.order.status, first.order.totalMinor], ["INVENTORY_RESERVED", 9_800]);
      const again = await stage.place({ productId, quantity: 2, idempotencyKey: "direct" });
      assert.ok(again.ok && again.order.replayed && again.order.orderId === first.order.orderId);
      const answers = [
        await stage.place({ productId, idempotencyKey: "direct" }),
        await stage.place({ productId }),
        await stage.place({ productId, userId: "bob", quantity: 2 }),
        await stage.place({ productId, userId: "bob", expectedTotalMinor: 1 }),
        await stage.place({ productId: "made up" }),
      ];
      assert.deepEqual(answers.map(saysOf), [
        "idempotency_mismatch",
        "limit_per_customer",
        "sold_out",
        "price_changed",
        "product_not_found",
      ]);
    });

    test("is refused by the terms of its drop, and held as long as they say", async () => {
      const productId = await stage.newProduct({ stock: 3 });
      const sale = { ...openSale, holdMs: 90_000 };
      const { setSale } = stage.inventory.books.products;
      await setSale(productId, sale);
      const placed = await stage.place({ productId, idempotencyKey: "held" });
      assert.ok(placed.ok && placed.order.payByMs - Date.now() > 60_000);
      await setSale(productId, { ...sale, paused: true, version: 2 });
      assert.equal(saysOf(await stage.place({ productId })), "drop_paused");
      const again = await stage.place({ productId, idempotencyKey: "held" });
      assert.ok(again.ok && again.order.replayed);
      await setSale(productId, { ...sale, opensAtMs: 4e12, version: 3 });
      const refused = await stage.place({ productId });
      assert.ok(!refused.ok && refused.reason === "drop_not_open" && refused.opensAtMs === 4e12);
    });

    test("pause answered, then an order from a process that has not heard: it is refused", pausedUnheard);

    test("is refused while the shop is closed", async () => {
      const productId = await stage.newProduct({ stock: 3 });
      await switchTo("closed");
      assert.equal(saysOf(await stage.place({ productId })), "closed");
      await switchTo("sync");
    });
  });
});
