/** The steps of many orders on a real database. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { type DeskStage, openDeskStage, payWithinMs } from "../desk/desk.testing.ts";
import { lockOrders } from "../orders/stage.testing.ts";
import { attempt } from "../payment/shop.testing.ts";
import { createBatchSteps } from "./batch-steps.ts";

const goodCard = "4242 4242 4242 4242";

describe("the steps of many orders", () => {
  let stage: DeskStage;
  before(async () => {
    stage = await openDeskStage();
  });
  after(() => stage.close());

  function stepsWith(payment: Partial<DeskStage["payment"]> = {}, paymentGraceMs = 0) {
    const faults: unknown[] = [];
    const steps = createBatchSteps({
      orders: stage.orders,
      payment: { ...stage.payment, ...payment },
      paymentGraceMs,
      now: () => Date.now() + stage.clock.aheadMs,
      onFault: (_what, error) => void faults.push(error),
    });
    return { steps, faults };
  }

  async function ordersOf(howMany: number): Promise<string[]> {
    const productId = await stage.newProduct({ stock: howMany });
    const orderIds: string[] = [];
    for (let i = 0; i < howMany; i += 1) orderIds.push(await stage.orderOf(productId));
    return orderIds;
  }

  const statusOf = async (orderId = "") => (await stage.orders.read(orderId))?.status;
  const sorted = (found: object) =>
    Object.fromEntries(Object.entries(found).map(([key, ids]) => [key, (ids as string[]).toSorted()]));

  test("find what is to do: paid orders, those that are due, those that are over; not those that wait", async () => {
    stage.clock.aheadMs = 0;
    const [paid = "", over = "", asked = "", waiting = ""] = await ordersOf(4);
    await attempt(stage.payment, paid, { cardNumber: goodCard });
    await until(async () => {
      await stage.hearFromProvider();
      return (await stage.payment.verdict(paid)) === "authorized";
    });
    await attempt(stage.payment, asked, { cardNumber: goodCard });
    await stage.orders.cancel(over, "cancelled");
    const { steps } = stepsWith();
    const batch = { run: null, orderIds: [paid, over, asked, waiting, crypto.randomUUID()] };
    assert.deepEqual(await steps.readVerdicts(batch), { paid: [paid], due: [], over: [over] });
    stage.clock.aheadMs = payWithinMs + 1_000;
    const late = await steps.readVerdicts(batch);
    assert.deepEqual(sorted(late), sorted({ paid: [paid], due: [asked, waiting], over: [over] }));
    const held = await stepsWith({}, 60_000).steps.readVerdicts(batch);
    assert.deepEqual(held, { paid: [paid], due: [waiting], over: [over] });

    // A run that is told twice finds the order confirmed.
    for (let times = 0; times < 2; times += 1) {
      const found = await steps.confirmPaid({ ...batch, run: "a run" });
      assert.deepEqual(sorted(found), sorted({ confirmed: [paid], due: [asked, waiting], over: [over] }));
    }
    assert.deepEqual(await stepsWith({}, 60_000).steps.confirmPaid(batch), {
      confirmed: [paid],
      due: [waiting],
      over: [over],
    });

    assert.deepEqual(await steps.endAll({ run: "a run", orderIds: [asked, waiting] }), {
      confirmed: [],
      over: [waiting],
    });
    const undecided = await stage.orders.read(asked);
    assert.deepEqual([undecided?.status, undecided?.reason], ["PAYMENT_PENDING", "payment_undecided"]);
    const confirmed = await steps.confirmAll({ run: "a run", orderIds: [paid, over, waiting] });
    assert.deepEqual(sorted(confirmed), sorted({ confirmed: [paid], over: [over, waiting] }));
  });

  test("leave out an order that fails and go on with the others; if all fail, the step fails", async () => {
    stage.clock.aheadMs = 0;
    const [first = "", second = ""] = await ordersOf(2);
    stage.clock.aheadMs = payWithinMs + 1_000;
    const bad = new Set([first]);
    const { steps, faults } = stepsWith({
      async lastCall(orderId, payByMs) {
        if (bad.has(orderId)) throw new Error("the payment tables are away");
        return stage.payment.lastCall(orderId, payByMs);
      },
    });
    const batch = { run: null, orderIds: [first, second] };
    assert.deepEqual(await steps.endAll(batch), { confirmed: [], over: [second] });
    assert.deepEqual([await statusOf(first), await statusOf(second)], ["PAYMENT_PENDING", "FAILED"]);
    assert.equal(faults.length, 1);
    await assert.rejects(steps.endAll({ run: null, orderIds: [first] }), /are away/);
    bad.clear();
    assert.deepEqual(sorted(await steps.endAll(batch)), sorted({ confirmed: [], over: [first, second] }));
  });

  test("end orders that are due beside a paid one whose row another session has locked", async () => {
    stage.clock.aheadMs = 0;
    const [paid = "", paidLast = "", ...due] = await ordersOf(6);
    for (const orderId of [paid, paidLast]) await attempt(stage.payment, orderId, { cardNumber: goodCard });
    await until(async () => {
      await stage.hearFromProvider();
      const verdicts = await Promise.all([paid, paidLast].map(stage.payment.verdict));
      return verdicts.every((verdict) => verdict === "authorized");
    });
    stage.clock.aheadMs = payWithinMs + 1_000;
    // The payment of one is known at the last call only.
    const verdicts = async (orderIds: readonly string[]) =>
      stage.payment.verdicts(orderIds.filter((orderId) => orderId !== paidLast));
    const { steps, faults } = stepsWith({ verdicts });
    await stage.sql.transaction(async (tx) => {
      await lockOrders(tx, [paid, paidLast]);
      const batch = { run: null, orderIds: [paid, paidLast, ...due] };
      const found = await steps.confirmPaid(batch);
      assert.deepEqual(sorted(found), sorted({ confirmed: [], due: [paidLast, ...due], over: [] }));
      const ended = await steps.endAll({ run: null, orderIds: found.due });
      assert.deepEqual(sorted(ended), sorted({ confirmed: [], over: due }));
      assert.deepEqual(
        faults.map((fault) => (fault as { code?: string }).code),
        ["55P03", "55P03"],
      );
      await assert.rejects(steps.confirmPaid({ run: null, orderIds: [paid] }), { code: "55P03" });
    });
    assert.deepEqual((await steps.confirmPaid({ run: null, orderIds: [paid] })).confirmed, [paid]);
  });
});
