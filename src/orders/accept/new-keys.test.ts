import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../../test/support/until.ts";
import { rebuild } from "../../inventory/agreement/rebuild.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";

describe("behind a gate that was loaded again", () => {
  let stage: OrderStage;
  /** How often the gate asked for an order. */
  let questions = 0;
  before(async () => {
    stage = await openOrderStage();
    const { reserve } = stage.gate;
    stage.gate.reserve = async (requests) => {
      const answers = await reserve(requests);
      questions += answers.filter(({ kind }) => kind === "ask_books").length;
      return answers;
    };
  });
  after(() => stage.close());

  let keys = 0;
  async function placeNew(productId: string) {
    keys += 1;
    return stage.place({ productId, userId: `buyer-${keys}`, idempotencyKey: `key-${keys}` });
  }

  /** Loads the product again, and orders until new orders are taken without a question. */
  async function reload(productId: string): Promise<void> {
    await stage.settleAll();
    await rebuild({ sql: stage.sql, gate: stage.gate, settlement: stage.orders.settlement }, [productId]);
    await until(async () => {
      const before = questions;
      assert.ok((await placeNew(productId)).ok);
      return questions === before;
    });
  }

  test("a repeat gets its order, of whichever epoch, and new orders are taken without asking for each", async () => {
    const productId = await stage.newProduct({ stock: 200 });
    const orders = [];
    for (let epoch = 0; epoch < 3; epoch += 1) {
      const key = `of epoch ${epoch}`;
      const first = await stage.place({ productId, idempotencyKey: key });
      assert.ok(first.ok);
      orders.push({ key, orderId: first.order.orderId });
      await reload(productId);
      const before = await stage.unitsOf(productId);
      for (const { key, orderId } of orders) {
        const again = await stage.place({ productId, idempotencyKey: key });
        assert.ok(again.ok);
        assert.deepEqual([again.order.orderId, again.order.replayed], [orderId, true]);
        const other = await stage.place({ productId, idempotencyKey: key, quantity: 2 });
        assert.equal(!other.ok && other.reason, "idempotency_mismatch");
      }
      assert.deepEqual(await stage.unitsOf(productId), before);
    }
  });
});
