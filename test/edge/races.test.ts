import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { isFinal } from "../../src/orders/state.ts";
import { statuses } from "../../src/orders/wire.ts";
import type { Client, Order, PlacedOrder, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder } from "../support/pay.ts";
import { accepted, allBuy, assertAccountsFor, type OrderAnswer, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
const ends: readonly string[] = statuses.filter(isFinal);

/** Waits until the order has ended and its money is at rest; returns the order. */
async function untilOver(world: World, buyer: Client, orderId: string): Promise<Order> {
  await world.untilStatus(buyer, orderId, ...ends);
  return eventually(async () => {
    const { body } = await buyer.get<Order>(`/orders/${orderId}`);
    const money = body.payment?.status;
    return money !== "processing" && money !== "authorized" && body;
  });
}

/** Checks of each order that it ended once: a buyer who paid has a confirmed order, and no other buyer has paid. */
function assertEndedOnce({ orderId, status, timeline, payment }: Order): void {
  const ended = timeline.filter((entry) => ends.includes(entry.status));
  assert.deepEqual(
    ended.map((entry) => entry.status),
    [status],
    `order ${orderId}: ${JSON.stringify(timeline)}`,
  );
  if (status === "CONFIRMED") assert.equal(payment?.status, "captured", orderId);
  else assert.ok(!payment || ["voided", "refunded", "declined"].includes(payment.status), JSON.stringify(payment));
}

async function assertStockFits(world: World, productId: string, stock: number, orders: readonly Order[]) {
  const confirmed = orders.filter((order) => order.status === "CONFIRMED").length;
  const { held, sold, available, gate } = await world.untilAtRest(productId);
  assert.deepEqual(
    { held, sold, available, gate },
    { held: 0, sold: confirmed, available: stock - confirmed, gate: stock - confirmed },
  );
}

describe("races", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  test("G1, G6: a hundred buyers of one unit make one order, and once it is cancelled the next hundred do", async () => {
    const productId = await world.newProduct({ stock: 1 });
    for (let round = 0; round < 2; round += 1) {
      const answers = await allBuy(world, productId, 100);
      assert.deepEqual(tally(answers), { accepted: 1, sold_out: 99 });
      const [winner] = accepted(answers) as [OrderAnswer];
      assert.equal((await cancelOrder(winner.buyer, winner.body.orderId)).status, 202);
      assert.equal((await world.untilAtRest(productId)).available, 1);
    }
  });

  test("one buyer who asks thirty times at once gets what one may hold, and no more", async () => {
    const productId = await world.newProduct({ stock: 100, limitPerCustomer: 3 });
    const ada = world.as("ada");
    const ask = () => ada.post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 });
    const answers = await Promise.all(Array.from({ length: 30 }, ask));
    assert.deepEqual(tally(answers), { accepted: 3, limit_per_customer: 27 });
    assert.equal((await world.untilAtRest(productId)).held, 3);
  });

  test("orders for several units never take more than there are, and leave less than any buyer ordered", async () => {
    const productId = await world.newProduct({ stock: 50 });
    const answers = await allBuy(world, productId, 60, 3);
    assert.deepEqual(tally(answers), { accepted: 16, sold_out: 44 });
    assert.equal((await assertAccountsFor(world, productId, answers)).available, 2);
  });

  test("R1: paid and cancelled at the same moment: one of them wins, and no buyer pays without an order", async () => {
    const productId = await world.newProduct({ stock: 12 });
    const over = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const buyer = world.as(`buyer-${i}`);
        const { orderId, statusUrl } = await world.place(buyer, productId);
        await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
        const paying = payOrder(buyer, orderId, goodCard);
        // The result comes about 50 ms later: some are cancelled before it, some with it, some after it.
        await sleep(i * 12);
        const cancelled = await buyer.post(`${statusUrl}/cancel`);
        assert.ok([202, 409].includes((await paying).status));
        const order = await untilOver(world, buyer, orderId);
        assert.equal(cancelled.status, order.status === "CANCELLED" ? 202 : 409);
        return order;
      }),
    );
    for (const order of over) assertEndedOnce(order);
    await assertStockFits(world, productId, 12, over);
  });

  test("two cards at the same moment pay once", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const over = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const buyer = world.as(`buyer-${i}`);
        const { orderId } = await world.place(buyer, productId);
        const pay = () => payOrder<{ paymentId: string } & Problem>(buyer, orderId, goodCard);
        const answers = await Promise.all([pay(), pay(), pay()]);
        const taken = answers.filter(({ status }) => status === 202);
        assert.equal(taken.length, 1, JSON.stringify(answers.map(({ body }) => body)));
        for (const { status, body } of answers.filter(({ status }) => status !== 202)) {
          assert.equal(status, 409);
          assert.ok(["payment_in_progress", "already_paid"].includes(body.code));
          assert.match(body.detail, /^Nothing is charged .* GET \/orders\/\{orderId\} tells /);
        }
        return untilOver(world, buyer, orderId);
      }),
    );
    for (const order of over) assert.equal(order.status, "CONFIRMED");
    for (const order of over) assertEndedOnce(order);
    await assertStockFits(world, productId, 5, over);
  });

  test("R2: released twice, released after the sale, confirmed after the release: no change", async () => {
    const productId = await world.newProduct({ stock: 3 });
    const { orders } = world.system.faces;
    const ada = world.as("ada");
    const cancelled = await world.place(ada, productId);
    const paid = await world.place(ada, productId);
    await payOrder(ada, paid.orderId, goodCard);
    await world.untilStatus(ada, paid.orderId, "CONFIRMED");
    const twice = [await cancelOrder(ada, cancelled.orderId), await cancelOrder(ada, cancelled.orderId)];
    assert.deepEqual(
      twice.map(({ status }) => status),
      [202, 202],
    );
    const late = await ada.post(`${paid.statusUrl}/cancel`);
    assert.deepEqual([late.status, late.body.code], [409, "order_ended"]);
    const before = await world.untilAtRest(productId);
    assert.deepEqual([before.held, before.sold, before.available], [0, 1, 2]);

    // The steps of a saga that comes late, or twice.
    for (const { orderId } of [cancelled, paid]) {
      assert.equal(await orders.confirm(orderId), undefined);
      assert.equal(await orders.cancel(orderId, "late"), undefined);
      assert.equal(await orders.fail(orderId, "late"), undefined);
    }
    assert.deepEqual(await world.untilAtRest(productId), before);
  });

  test("an orderly stop during the sale leaves no order behind: each is paid after the start", async () => {
    const productId = await world.newProduct({ stock: 100 });
    const orders = [];
    for (const afterMs of [0, 20]) {
      orders.push(...accepted(await allBuy(world, productId, 10)));
      // Their sagas are about to begin, or at their first steps.
      await sleep(afterMs);
      await world.restart();
    }
    const over = await Promise.all(
      orders.map(async ({ buyer, body }) => {
        assert.equal((await payOrder(buyer, body.orderId, goodCard)).status, 202);
        return untilOver(world, buyer, body.orderId);
      }),
    );
    for (const order of over) assertEndedOnce(order);
    await assertStockFits(world, productId, 100, over);
    assert.equal((await world.untilAtRest(productId)).sold, 20);
  });

  test("B4: stock that is taken out during the sale is not sold", async () => {
    const productId = await world.newProduct({ stock: 30 });
    const takeOut = () => world.admin.post(`/inventory/${productId}/adjust`, { delta: -5, reason: "broken" });
    const [answers, ...takenOut] = await Promise.all([
      allBuy(world, productId, 100),
      ...Array.from({ length: 4 }, takeOut),
    ]);
    const gone = takenOut.filter(({ status }) => status === 200).length * 5;
    for (const { status, body } of takenOut) assert.ok(status === 200 || body.code === "not_enough_stock");
    assert.equal(accepted(answers).length, 30 - gone);
    const { onHand, held } = await assertAccountsFor(world, productId, answers);
    assert.deepEqual({ onHand, held }, { onHand: 30 - gone, held: 30 - gone });
  });
});

describe("races with the deadline, and for a place in the line", () => {
  const windowMs = 2_000;
  let world: World;
  before(async () => {
    world = await openWorld({ paymentWindowMs: windowMs, maxWaitingOrders: 20 });
  });
  after(() => world.close());

  test("R1: paid, cancelled and expired at the same moment: one of them wins", async () => {
    const productId = await world.newProduct({ stock: 16 });
    const over = await Promise.all(
      Array.from({ length: 16 }, async (_, i) => {
        const buyer = world.as(`buyer-${i}`);
        const { orderId, statusUrl, payBy } = await world.place(buyer, productId);
        // From 200 ms before the deadline to 25 ms after it.
        await sleep(Math.max(0, Date.parse(payBy) - Date.now() - 200 + i * 15));
        const paying = payOrder(buyer, orderId, goodCard);
        if (i % 2 === 0) await buyer.post(`${statusUrl}/cancel`);
        const { status, body } = await paying;
        assert.ok(status === 202 || status === 409, JSON.stringify(body));
        return untilOver(world, buyer, orderId);
      }),
    );
    for (const order of over) assertEndedOnce(order);
    await assertStockFits(world, productId, 16, over);
  });

  test("R3: orders whose deadline passed while nothing ran end after the start, and their units are back", async () => {
    const productId = await world.newProduct({ stock: 10 });
    const answers = await allBuy(world, productId, 10);
    await world.restart({ pauseMs: windowMs });
    for (const { buyer, body } of accepted(answers)) {
      const order = await world.untilStatus(buyer, body.orderId, "FAILED");
      assert.equal(order.reason, "payment_timeout");
    }
    const { held, available } = await world.untilAtRest(productId);
    assert.deepEqual({ held, available }, { held: 0, available: 10 });
  });

  test("requests beyond the waiting limit are refused with Retry-After, and nothing is held for them", async () => {
    const productId = await world.newProduct({ stock: 1_000 });
    armCrashPoint("log.append", { kind: "delay", ms: 300 });
    const answers: OrderAnswer[] = [];
    // On a busy machine the requests may come so slowly that few of them wait at a time.
    await eventually(async () => {
      answers.push(...(await allBuy(world, productId, 60)));
      return tally(answers).overloaded;
    });
    disarmCrashPoints();
    assert.deepEqual(Object.keys(tally(answers)).toSorted(), ["accepted", "overloaded"]);
    for (const { status, headers } of answers.filter(({ status }) => status !== 202)) {
      assert.equal(status, 503);
      assert.ok(Number(headers["retry-after"]) > 0);
    }
    for (const { buyer, body } of accepted(answers)) await world.untilStatus(buyer, body.orderId, "FAILED");
    const { held, available } = await world.untilAtRest(productId);
    assert.deepEqual({ held, available }, { held: 0, available: 1_000 });
  });
});
