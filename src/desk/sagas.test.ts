import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { countOutcomes } from "../inventory/books/outcomes.ts";
import { attempt } from "../payment/shop.testing.ts";
import { type DeskStage, openDeskStage, payWithinMs } from "./desk.testing.ts";
import type { Desk } from "./desk.ts";
import { stuckAfterMs } from "./sagas.ts";

describe("an order whose saga stands", () => {
  let stage: DeskStage;
  let sagas: Desk["sagas"];
  before(async () => {
    stage = await openDeskStage();
    ({ sagas } = stage.open());
  });
  after(() => stage.close());
  beforeEach(() => {
    stage.clock.aheadMs = 0;
  });

  const toLate = () => {
    stage.clock.aheadMs = payWithinMs + stuckAfterMs + 1_000;
  };
  const entryOf = async (orderId: string) =>
    (await sagas.list(undefined, 100)).find(({ order }) => order.orderId === orderId);

  test("is listed 30 seconds after its deadline, and retry does what the scan does: its units come back", async () => {
    const lamp = await stage.newProduct({ stock: 2 });
    const orderId = await stage.orderOf(lamp);
    stage.clock.aheadMs = payWithinMs + 1_000;
    assert.equal(await entryOf(orderId), undefined);
    assert.deepEqual(await sagas.retry(orderId), { ok: false, reason: "saga_not_stuck" });
    toLate();
    assert.equal((await entryOf(orderId))?.kind, "overdue");
    const retried = await sagas.retry(orderId);
    assert.ok(retried.ok);
    assert.deepEqual([retried.order.status, retried.order.reason], ["FAILED", "payment_timeout"]);
    assert.deepEqual(stage.nudged, [orderId]);
    assert.equal(await entryOf(orderId), undefined);
    assert.deepEqual(await sagas.retry(orderId), { ok: false, reason: "order_ended" });
  });

  test("is not touched before it is in the books, and can be paid from then on", async () => {
    const lamp = await stage.newProduct({ stock: 1 });
    const longAgo = stage.openOrders({ now: () => Date.now() - 10 * payWithinMs });
    const placed = await stage.place({ productId: lamp }, longAgo);
    assert.ok(placed.ok);
    const { orderId } = placed.order;
    const notStuck = { ok: false, reason: "saga_not_stuck" };
    assert.deepEqual([await sagas.end(orderId), await sagas.retry(orderId)], [notStuck, notStuck]);
    await stage.settleAll();
    const order = await stage.orders.read(orderId);
    assert.ok(order);
    await stage.payment.open({ ...order, amountMinor: order.totalMinor, payByMs: order.payBy.getTime() });
    assert.ok((await attempt(stage.payment, orderId, { cardNumber: "4242 4242 4242 4242" })).ok);
  });

  test("is ended once by an operator if nothing is paid, and no payment begins afterwards", async () => {
    const lamp = await stage.newProduct({ stock: 2 });
    const orderId = await stage.orderOf(lamp);
    toLate();
    const [one, two] = await Promise.all([sagas.end(orderId), sagas.end(orderId)]);
    assert.deepEqual([one.ok, two.ok].toSorted(), [false, true]);
    const order = await stage.orders.read(orderId);
    assert.deepEqual([order?.status, order?.reason], ["FAILED", "ended_by_operator"]);
    stage.clock.aheadMs = 0;
    const paid = await attempt(stage.payment, orderId, { cardNumber: "4242 4242 4242 4242" });
    assert.deepEqual(paid, { ok: false, reason: "payment_closed" });
  });

  test("is not ended while its payment is undecided, nor once it is paid: retry confirms it then", async () => {
    const lamp = await stage.newProduct({ stock: 2 });
    const orderId = await stage.orderOf(lamp);
    assert.ok((await attempt(stage.payment, orderId, { cardNumber: "4242 4242 4242 4242" })).ok);
    toLate();
    assert.equal((await entryOf(orderId))?.payment, "processing");
    assert.deepEqual(await sagas.end(orderId), { ok: false, reason: "payment_undecided" });
    await stage.hearFromProvider();
    assert.deepEqual(await sagas.end(orderId), { ok: false, reason: "order_paid" });
    const retried = await sagas.retry(orderId);
    assert.ok(retried.ok);
    assert.equal(retried.order.status, "CONFIRMED");
  });

  test("is confirmed again if its books have lost that, and its payment, which is kept, has another database", async () => {
    const lamp = await stage.newProduct({ stock: 1 });
    const orderId = await stage.orderOf(lamp);
    assert.ok((await attempt(stage.payment, orderId, { cardNumber: "4242 4242 4242 4242" })).ok);
    toLate();
    await stage.hearFromProvider();
    await stage.payment.capture(orderId);
    // The books as they were before the payment came late.
    await stage.orders.lapse(orderId);
    for (const row of (await countOutcomes(stage.sql, 100)).rows) await stage.gate.apply(row);
    const retried = await sagas.retry(orderId);
    assert.ok(retried.ok);
    assert.equal(retried.order.status, "CONFIRMED");
    assert.equal(await stage.payment.verdict(orderId), "authorized");
  });

  test("is settled by retry however many others the provider leaves undecided, and none of these is touched", async () => {
    const lamp = await stage.newProduct({ stock: 2 });
    const orderId = await stage.orderOf(lamp);
    const other = await stage.orderOf(lamp);
    for (const one of [orderId, other])
      assert.ok((await attempt(stage.payment, one, { cardNumber: "4242 4242 4242 4242" })).ok);
    // Their deadline was before, so they come first.
    await stage.undecidedOrders(lamp, 1_000);
    toLate();
    for (const one of [orderId, other]) await stage.orders.lapse(one);
    await stage.hearFromProvider();
    // Paid too late, and their own units are not counted in this stage: after ten minutes the payment goes back.
    stage.clock.aheadMs += 11 * 60_000;
    const retried = await sagas.retry(orderId);
    assert.ok(retried.ok);
    assert.deepEqual([retried.order.status, (await stage.orders.read(other))?.status], ["FAILED", "PAYMENT_PENDING"]);
    assert.equal((await stage.orders.undecided(undefined, 2_000)).length, 1_001);
  });
});
