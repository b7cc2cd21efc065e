import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { type OrderStage, openOrderStage } from "./stage.testing.ts";

describe("a crowd at a sold-out product", () => {
  let stage: OrderStage;
  /** Orders that the gate was asked for. */
  let asked = 0;
  before(async () => {
    stage = await openOrderStage();
    const { reserve } = stage.gate;
    stage.gate.reserve = (requests) => {
      asked += requests.length;
      return reserve(requests);
    };
  });
  after(() => stage.close());

  let keys = 0;
  const newKey = () => {
    keys += 1;
    return `key-${keys}`;
  };
  const place: OrderStage["place"] = (request, by) => stage.place({ userId: `buyer-${keys}`, ...request }, by);

  /** Orders, until one is refused without the gate. */
  async function refusedByItself(productId: string, { keyed = false, by = stage.orders } = {}): Promise<void> {
    await until(async () => {
      const before = asked;
      const answer = await place({ productId, ...(keyed && { idempotencyKey: newKey() }) }, by);
      assert.equal(!answer.ok && answer.reason, "sold_out");
      return asked === before;
    });
  }

  test("is refused without asking the gate, with and without keys; units that come free are sold", async () => {
    const productId = await stage.newProduct();
    await refusedByItself(productId);
    await refusedByItself(productId, { keyed: true });
    await stage.enter(productId, 1);
    await until(async () => (await place({ productId })).ok);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 0, pending: 1 });
  });

  test("who repeats an order under its key gets it, whichever process took it", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    const order = { userId: "ada", productId, idempotencyKey: "k" };
    const first = await place(order);
    await stage.settleAll();
    const other = stage.open();
    await refusedByItself(productId, { keyed: true, by: other });
    const again = await place(order, other);
    assert.ok(first.ok && again.ok);
    assert.deepEqual([again.order.orderId, again.order.replayed], [first.order.orderId, true]);
    await refusedByItself(productId, { keyed: true, by: other });
    const different = await place({ ...order, quantity: 2 }, other);
    assert.equal(!different.ok && different.reason, "idempotency_mismatch");
  });

  test("is asked for at the gate while an order under a key may be undecided", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    const order = { userId: "ada", productId, idempotencyKey: "k" };
    const first = await place(order);
    const other = stage.open();
    await refusedByItself(productId, { by: other });
    for (let tries = 0; tries < 20; tries += 1) {
      const again = await place(order, other);
      assert.ok(first.ok && again.ok);
      assert.equal(again.order.orderId, first.order.orderId);
    }
  });

  test("hears of another price first, and of the last units if it asks for fewer", async () => {
    const productId = await stage.newProduct();
    await refusedByItself(productId);
    const wrong = await place({ productId, expectedTotalMinor: 1 });
    assert.equal(!wrong.ok && wrong.reason, "price_changed");
    const two = await stage.newProduct({ stock: 1 });
    for (let tries = 0; tries < 5; tries += 1) await place({ productId: two, quantity: 2 });
    assert.ok((await place({ productId: two })).ok);
  });
});
