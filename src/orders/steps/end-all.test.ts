import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { lockOrders, type OrderStage, openOrderStage } from "../stage.testing.ts";

describe("orders that are to end together", () => {
  let stage: OrderStage;
  before(async () => {
    stage = await openOrderStage();
  });
  after(() => stage.close());

  test("end although one of them cannot, and its fault is told", async () => {
    const { orders, sql } = stage;
    const productId = await stage.newProduct({ stock: 5 });
    for (let i = 0; i < 5; i += 1) await stage.place({ productId });
    // The newest ones are found first.
    const records = (await stage.gate.records(productId)).toReversed();
    await orders.settlement.redrive(records);
    const [stuck = "", paid = "", ...open] = records.map(({ orderId }) => orderId);
    for (const orderId of [stuck, paid]) await orders.confirm(orderId);
    // Whatever its cause: the work of a refund exists, and its order was put back.
    await sql.query(
      "insert into orders.refund (order_id, reason, restock, actor, asked_at) values ($1, 'test', false, 'grace', now())",
      [stuck],
    );
    const all = { productIds: [productId], since: new Date(0), until: null, reason: "drop_cancelled", actor: "grace" };
    // Pages of one, so that the one that cannot end is a full page.
    for (let i = 0; i < 5; i += 1) await orders.endAll(all, 1).catch(() => {});
    await assert.rejects(orders.endAll(all, 1), { constraint: "refund_pkey" });
    const statusOf = async (orderId: string) => (await orders.read(orderId))?.status;
    assert.deepEqual(await Promise.all([stuck, paid].map(statusOf)), ["CONFIRMED", "REFUNDED"]);
    for (const orderId of open) assert.equal(await statusOf(orderId), "CANCELLED");
  });

  test("confirm and fail although another session has locked the row of one of them", async () => {
    const { orders, sql } = stage;
    const productId = await stage.newProduct({ stock: 4 });
    for (let i = 0; i < 4; i += 1) await stage.place({ productId });
    const records = await stage.gate.records(productId);
    await orders.settlement.redrive(records);
    const [locked = "", paid = "", ...unpaid] = records.map(({ orderId }) => orderId).toSorted();
    const statusOf = async (orderId: string) => (await orders.read(orderId))?.status;
    const asked = (orderIds: readonly string[]) => orderIds.map((orderId) => ({ orderId }));
    await sql.transaction(async (tx) => {
      await lockOrders(tx, [locked]);
      await orders.confirmAll(asked([locked, paid]), null);
      await orders.failAll(asked([locked, ...unpaid]), "payment_timeout", null);
      assert.deepEqual(await Promise.all([paid, ...unpaid].map(statusOf)), ["CONFIRMED", "FAILED", "FAILED"]);
      // None of these is left to take, so the fault is told.
      await assert.rejects(orders.failAll(asked([locked, ...unpaid]), "payment_timeout", null), { code: "55P03" });
    });
    await orders.failAll(asked([locked]), "payment_timeout", null);
    assert.equal(await statusOf(locked), "FAILED");
  });

  test("are summed also where they come to more than a number holds exactly", async () => {
    const { orders, sql } = stage;
    const productId = await stage.newProduct();
    await sql.query(
      `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor, currency,
         price_version, status, body_hash, placed_at, pay_by, timeline)
       select gen_random_uuid(), 'ada', $1, 0, i, 1000, 1000000000000, 'VND', 1, 'CONFIRMED', '', now(), now(), '[]'
         from generate_series(1, 10) as i`,
      [productId],
    );
    const all = await orders.notEnded({ productIds: [productId], since: new Date(0), until: null });
    assert.deepEqual(all, [{ currency: "VND", open: 0, paid: 10, refundMinor: Number.MAX_SAFE_INTEGER }]);
  });
});
