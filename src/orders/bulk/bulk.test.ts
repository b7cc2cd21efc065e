/** Acts on many orders: also steps.ts and rows.ts. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { until } from "../../../test/support/until.ts";
import type { Order } from "../orders.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";
import type { SeenPlan } from "./bulk.ts";

const asked = { reason: "the lamps break", restock: true, filter: {}, actor: "grace" };

describe("an act on many orders", () => {
  let stage: OrderStage;
  let orders: OrderStage["orders"];
  before(async () => {
    stage = await openOrderStage();
    orders = stage.orders;
  });
  afterEach(disarmCrashPoints);
  after(() => stage.close());

  /** In the books, of one unit each. */
  async function settled(productId: string, howMany: number): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: howMany }, () => stage.place({ productId })));
    await orders.settlement.redrive(await stage.gate.records(productId));
    return answers.map((answer) => (answer.ok ? answer.order.orderId : assert.fail(answer.reason)));
  }

  async function statusOf(orderId: string): Promise<string | undefined> {
    return (await orders.read(orderId))?.status;
  }

  async function preview(productId: string, action: "cancel" | "refund", by = orders): Promise<SeenPlan> {
    const plan = await by.bulk.preview({ productIds: [productId] }, { ...asked, action });
    return plan === "too_many" ? assert.fail(plan) : plan;
  }

  /** Runs the plan, in this process or in another one, until all of its orders had their turn. */
  async function finished({ planId }: SeenPlan, by = orders): Promise<SeenPlan> {
    const running = by.bulk.start();
    await by.bulk.run(planId, "grace");
    const plan = await until(async () => {
      const now = await by.bulk.read(planId);
      return now?.state === "done" && now;
    });
    await running.stop();
    return plan;
  }

  async function outcomesOf({ planId }: SeenPlan) {
    const items = await orders.bulk.items(planId, 0, 100);
    return Object.fromEntries(items.map(({ orderId, outcome, status }) => [orderId, [outcome, status]]));
  }

  test("K4: a run takes exactly the orders that its preview showed, each with a result of its own", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const [first = "", second = "", paid = ""] = await settled(productId, 3);
    const plan = await preview(productId, "cancel");
    assert.deepEqual(plan.amounts, [{ currency: "EUR", count: 3, free: 0, amount: 14_700 }]);
    assert.equal(await statusOf(first), "PAYMENT_PENDING");

    const [late = ""] = await settled(productId, 1);
    await orders.confirm(paid);
    const { progress } = await finished(plan);
    assert.deepEqual(progress, { changed: 2, unchanged: 1, left: 0 });
    assert.deepEqual(await outcomesOf(plan), {
      [first]: ["changed", "CANCELLED"],
      [second]: ["changed", "CANCELLED"],
      [paid]: ["unchanged", "CONFIRMED"],
    });
    assert.deepEqual([await statusOf(late), await statusOf(paid)], ["PAYMENT_PENDING", "CONFIRMED"]);
    assert.equal((await orders.read(first))?.reason, "the lamps break");

    const acts = await stage.audit.list({ action: "cancelOrder", actor: "grace", limit: 100 });
    const about = acts.filter(({ phase, detail }) => phase === "intent" && detail.includes(plan.planId));
    const told = Object.fromEntries(about.map(({ subject, outcome }) => [subject, outcome]));
    assert.deepEqual(told, { [first]: "done", [second]: "done", [paid]: "refused" });
    assert.deepEqual(JSON.parse(about[0]?.detail ?? ""), { planId: plan.planId, reason: "the lamps break" });
    assert.equal((await stage.audit.verify()).brokenAt, null);
  });

  test("a plan, and the end of a drop, name what really goes back: not the parts that went before, and nothing of what was free", async () => {
    const productId = await stage.newProduct({ stock: 4 });
    const gift = await stage.newProduct({ stock: 1, price: 0 });
    const [whole = "", parted = "", open = ""] = await settled(productId, 3);
    const [given = ""] = await settled(gift, 1);
    for (const id of [whole, parted, given]) await orders.confirm(id);
    for (const [partMinor, givenBackMinor] of [
      [900, 900],
      [100, 1_000],
    ] as const) {
      await orders.notePartialRefund(parted, { partMinor, givenBackMinor, at: new Date() });
    }
    const plan = await orders.bulk.preview({ productIds: [productId, gift] }, { ...asked, action: "refund" });
    assert.ok(plan !== "too_many");
    const amounts = [{ currency: "EUR", count: 3, free: 1, amount: 4_900 + 3_900 }];
    assert.deepEqual([plan.amounts, (await orders.bulk.read(plan.planId))?.amounts], [amounts, amounts]);
    const all = { productIds: [productId, gift], since: new Date(0), until: null };
    assert.deepEqual(await orders.notEnded(all), [{ currency: "EUR", open: 1, paid: 3, refundMinor: 4_900 + 3_900 }]);
    assert.equal(await statusOf(open), "PAYMENT_PENDING");
  });

  test("a plan of named orders takes these alone, and of these the ones that can end so", async () => {
    const productId = await stage.newProduct({ stock: 4 });
    const [first = "", paid = "", other = ""] = await settled(productId, 3);
    await orders.confirm(paid);
    const plan = await orders.bulk.preview({ orderIds: [first, paid] }, { ...asked, action: "cancel" });
    assert.ok(plan !== "too_many");
    assert.equal((await finished(plan)).progress.changed, 1);
    assert.deepEqual(await Promise.all([first, paid, other].map(statusOf)), [
      "CANCELLED",
      "CONFIRMED",
      "PAYMENT_PENDING",
    ]);
  });

  test("a plan that was run is never run again, however often that is asked for", async () => {
    const productId = await stage.newProduct({ stock: 2 });
    const [orderId = ""] = await settled(productId, 1);
    await orders.confirm(orderId);
    const done = await finished(await preview(productId, "refund"));
    const again = await Promise.all([finished(done), orders.bulk.run(done.planId, "ben")]);
    for (const plan of again) assert.deepEqual(plan, done);
    assert.equal((await orders.read(orderId))?.timeline.filter(({ status }) => status === "REFUNDED").length, 1);
    assert.deepEqual([done.startedBy, (await orders.readRefund(orderId))?.restock], ["grace", true]);
  });

  test("a run that fails within each order's step changes none, and another process carries it on", async () => {
    const productId = await stage.newProduct({ stock: 4 });
    const ids = await settled(productId, 4);
    for (const id of ids) await orders.confirm(id);
    const plan = await preview(productId, "refund");
    armCrashPoint("refund.decided", { kind: "error" });
    const first = orders.bulk.start();
    const { progress } = (await orders.bulk.run(plan.planId, "grace")) ?? assert.fail();
    await until(async () => {
      const tries = await stage.audit.list({ action: "refundOrder", phase: "intent", limit: 100 });
      return ids.every((id) => tries.some(({ subject, outcome }) => subject === id && outcome === "failed"));
    });
    await first.stop();
    assert.deepEqual(progress, { changed: 0, unchanged: 0, left: 4 });
    assert.deepEqual(
      await Promise.all(ids.map(statusOf)),
      ids.map(() => "CONFIRMED"),
    );

    disarmCrashPoints();
    assert.equal((await finished(plan, stage.open())).progress.changed, 4);
    for (const id of ids) {
      const { timeline } = (await orders.read(id)) as Order;
      assert.equal(timeline.filter(({ status }) => status === "REFUNDED").length, 1);
    }
  });

  test("two processes at one plan give each order one result", async () => {
    const productId = await stage.newProduct({ stock: 30 });
    await settled(productId, 30);
    const plan = await preview(productId, "cancel");
    const all = await Promise.all([finished(plan), finished(plan, stage.open())]);
    for (const { progress } of all) assert.deepEqual(progress, { changed: 30, unchanged: 0, left: 0 });
    const acts = await stage.audit.list({ action: "cancelOrder", phase: "intent", limit: 1_000 });
    assert.equal(acts.filter(({ detail }) => detail.includes(plan.planId)).length, 30);
  });

  test("orders that can never end keep no other order waiting, and no other plan", async () => {
    const productId = await stage.newProduct({ stock: 12 });
    const [good = "", ...stuck] = await settled(productId, 12);
    for (const id of [good, ...stuck]) await orders.confirm(id);
    // Whatever its cause: the work of a refund exists, and its order was put back.
    await stage.sql.query(
      `insert into orders.refund (order_id, reason, restock, actor, asked_at)
       select id, 'test', false, 'grace', now() from unnest($1::uuid[]) as id`,
      [stuck],
    );
    const planOf = (orderId: string) => orders.bulk.preview({ orderIds: [orderId] }, { ...asked, action: "refund" });
    const running = orders.bulk.start();
    for (const id of stuck) {
      const plan = await planOf(id);
      assert.ok(plan !== "too_many");
      await orders.bulk.run(plan.planId, "grace");
    }
    await until(async () => {
      const tries = await stage.audit.list({ action: "refundOrder", phase: "intent", limit: 1_000 });
      return stuck.every((id) => tries.some(({ subject, outcome }) => subject === id && outcome === "failed"));
    });
    await running.stop();
    const plan = await planOf(good);
    assert.ok(plan !== "too_many");
    assert.equal((await finished(plan)).progress.changed, 1);
  });

  test("a plan that expired takes no order", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    const [orderId = ""] = await settled(productId, 1);
    const plan = await preview(productId, "cancel");
    const later = stage.open({ now: () => plan.expiresAt.getTime() });
    const running = later.bulk.start();
    assert.equal((await later.bulk.run(plan.planId, "grace"))?.state, "expired");
    await running.stop();
    assert.equal(await statusOf(orderId), "PAYMENT_PENDING");
    assert.deepEqual(await outcomesOf(plan), { [orderId]: [null, null] });
  });

  test("a preview of no order comes to nothing, and its run is done at once", async () => {
    const plan = await preview(await stage.newProduct(), "cancel");
    assert.deepEqual(plan.amounts, []);
    assert.deepEqual((await finished(plan)).progress, { changed: 0, unchanged: 0, left: 0 });
  });
});
