import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type OrderStage, openOrderStage } from "./stage.testing.ts";

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
});
