import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../test/support/until.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";

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

  test("a buyer who repeats an order under its key gets it, whichever process took it", async () => {
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

  test("whose orders under a key are too many to compare with is asked for at the gate, and they are read once", async () => {
    const productId = await stage.newProduct();
    await insertKeyed(productId, 50_001);
    let reads = 0;
    const { snapshot } = stage.gate;
    stage.gate.snapshot = (productIds) => {
      reads += productIds?.includes(productId) ? 1 : 0;
      return snapshot(productIds);
    };
    await refusedByItself(productId);
    const before = asked;
    const untilMs = Date.now() + 3_000;
    while (Date.now() < untilMs) {
      assert.equal((await place({ productId, idempotencyKey: newKey() })).ok, false);
      await sleep(5);
    }
    stage.gate.snapshot = snapshot;
    assert.ok(asked > before);
    assert.equal(reads, 1);
  });

  async function insertKeyed(productId: string, count: number): Promise<void> {
    await stage.sql.query(
      `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor, currency,
         price_version, status, body_hash, placed_at, pay_by, timeline)
       select gen_random_uuid(), 'buyer', $1, 0, i, 1, 100, 'EUR', 1, 'CONFIRMED', 'hash', now(), now(), '[]'
         from generate_series(1, $2::int) as i`,
      [productId, count],
    );
  }
});
