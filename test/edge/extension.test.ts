import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createBatchSteps } from "../../src/fulfilment/batch-steps.ts";
import type { Order as View } from "../support/client.ts";
import { decideNow, endTimeToPay, forgetExtension, holdDecision, timeToPayIn } from "../support/deadline.ts";
import { readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

type Order = View & { extendable?: { until: string; seconds: number } };

const goodCard = { cardNumber: "4242424242424242" };
const extensionMs = 1_000;
/** Longer than any test takes: tests move the end of an order's time instead of waiting for it. */
const holdMs = 900_000;

describe("an order whose drop offers more time to pay", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { PAYMENT_GRACE_MS: "0" } });
  });
  after(() => world.close());

  /** A product in a drop. */
  async function newDropProduct(): Promise<string> {
    const productId = await world.newProduct({ stock: 5 });
    const window = { opensAtMs: Date.now() - 1_000, closesAtMs: Date.now() + 3_600_000 };
    const forAll = { entry: "open", latchAfterSoldOut: false, limitPerPerson: null } as const;
    const sale = { dropId: "lamps", ...window, paused: false, ...forAll, holdMs, version: 1 };
    assert.ok((await world.system.faces.inventory.books.products.setSale(productId, sale, extensionMs)).ok);
    return productId;
  }

  async function newOrder() {
    const ada = world.as("ada");
    const productId = await newDropProduct();
    const { orderId } = await world.place(ada, productId);
    const seen = await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    const extend = () => ada.post<Order & { code?: string }>(`/orders/${orderId}/extend`);
    const read = async () => (await ada.get<Order>(`/orders/${orderId}`)).body;
    return { ada, orderId, productId, payBy: seen.payBy, extend, read };
  }

  const later = (payBy: string) => new Date(Date.parse(payBy) + extensionMs).toISOString();

  test("two extends at once, and eight more: one moves the deadline, the others are told that it is done", async () => {
    const { ada, orderId, payBy, extend, read } = await newOrder();
    const watch = await readEvents(`${world.origin}/orders/${orderId}/events`, {
      authorization: `Bearer ${world.system.faces.identity.issue({ user: "ada", role: "CUSTOMER", ttlMs: 60_000 })}`,
    });
    assert.deepEqual((await read()).extendable, { until: payBy, seconds: 1 });
    const answers = await Promise.all(Array.from({ length: 10 }, extend));
    const told = answers.map(({ status, body }) => `${status} ${status === 202 ? body.payBy : body.code}`);
    assert.deepEqual(told.toSorted(), [`202 ${later(payBy)}`, ...new Array(9).fill("409 already_extended")]);
    const order = await read();
    assert.deepEqual([order.payBy, order.extendable], [later(payBy), undefined]);
    const entries = order.timeline.filter(({ status }) => status === "PAYMENT_EXTENDED") as { payBy?: string }[];
    assert.deepEqual(
      entries.map((entry) => entry.payBy),
      [later(payBy)],
    );
    assert.equal((await cancelOrder(ada, orderId)).status, 202);
    await watch.untilEnded();
    const [snapshot, ...events] = watch.events;
    assert.deepEqual(snapshot?.data.extendable, { until: payBy, seconds: 1 });
    const extended = events.filter(({ data }) => data.status === "PAYMENT_EXTENDED");
    assert.deepEqual(
      extended.map(({ data }) => data.payBy),
      [later(payBy)],
    );
    const ended = await extend();
    assert.deepEqual([ended.status, ended.body.code], [409, "order_ended"]);
  });

  test("extend and payment granted at the same moment: the order is confirmed and paid once, extended or not", async () => {
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { ada, orderId, extend, read } = await newOrder();
        const [paid, extended] = await Promise.all([payOrder(ada, orderId, goodCard), extend()]);
        assert.equal(paid.status, 202);
        assert.ok(extended.status === 202 || extended.body.code === "order_ended", JSON.stringify(extended.body));
        await world.untilStatus(ada, orderId, "CONFIRMED");
        const statuses = (await read()).timeline.map(({ status }) => status);
        assert.equal(statuses.includes("PAYMENT_EXTENDED"), extended.status === 202);
        assert.equal(statuses.filter((status) => status === "CONFIRMED").length, 1);
      }),
    );
  });

  test("an extension is the payment's deadline too, so that an attempt which the bank asks the buyer about goes on", async () => {
    const { ada, orderId, extend } = await newOrder();
    assert.equal((await payOrder(ada, orderId, { cardNumber: "4000000000000010" })).status, 202);
    const { body } = await extend();
    await eventually(async () => (await timeToPayIn(world, orderId)) === body.payBy);
  });

  test("a buyer may try again until the later deadline, also if payment was never told it", async () => {
    const { ada, orderId, extend, read } = await newOrder();
    assert.equal((await payOrder(ada, orderId, { cardNumber: "4000000000000010" })).status, 202);
    await eventually(async () => (await read()).payment?.status === "declined");
    const { body } = await extend();
    await eventually(async () => (await timeToPayIn(world, orderId)) === body.payBy);
    await forgetExtension(world, orderId);
    assert.equal((await read()).payment?.retryable, true);
    assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  test("extend at the deadline: of the extension and the end of an order one happens, whichever comes first", async () => {
    const { orders } = world.system.faces;
    for (const order of await Promise.all(Array.from({ length: 6 }, () => newOrder()))) {
      const dueAt = new Date(order.payBy);
      const [extended, ended] = await Promise.all([
        orders.extend(order.orderId),
        orders.fail(order.orderId, "payment_timeout", dueAt),
      ]);
      assert.notEqual(extended === undefined, ended === undefined);
      const { status, payBy } = await order.read();
      assert.deepEqual([status, payBy], ended ? ["FAILED", order.payBy] : ["PAYMENT_PENDING", later(order.payBy)]);
      assert.equal(await orders.lapse(order.orderId, dueAt), undefined);
    }
  });

  test("extend between the last call and the end: the order goes on, and its buyer can pay", async () => {
    const { ada, orderId, payBy, extend } = await newOrder();
    const { orders, payment } = world.system.faces;
    const late = createBatchSteps({
      orders,
      payment: {
        ...payment,
        async lastCall(id, payByMs) {
          const verdict = await payment.lastCall(id, payByMs);
          assert.equal((await extend()).status, 202);
          return verdict;
        },
      },
      paymentGraceMs: 0,
      onFault: assert.fail,
      // A process whose clock is past the deadline.
      now: () => Date.parse(payBy) + 1,
    });
    assert.deepEqual(await late.endAll({ run: null, orderIds: [orderId] }), { confirmed: [], over: [] });
    assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  // Side by side, because each of them waits for the look that ends orders.
  describe("with time that runs out", { concurrency: true }, () => {
    test("an extended order waits for its later deadline, fails then, and gives its units back", async () => {
      const { ada, orderId, productId, extend } = await newOrder();
      const other = await newOrder();
      assert.equal((await extend()).status, 202);
      // As if its first deadline were now: the other order, which has no later one, ends at once.
      const payBy = await endTimeToPay(world, orderId, extensionMs);
      await endTimeToPay(world, other.orderId);
      await world.untilStatus(ada, other.orderId, "FAILED");
      const order = await world.untilStatus(ada, orderId, "FAILED");
      assert.deepEqual([order.reason, order.payBy], ["payment_timeout", payBy]);
      assert.ok((order.timeline.at(-1)?.at ?? "") >= payBy, JSON.stringify(order));
      assert.equal((await world.untilAtRest(productId)).available, 5);
    });

    test("an order that is not extended fails at its deadline, and is too late then", async () => {
      const { ada, orderId, extend, read } = await newOrder();
      await endTimeToPay(world, orderId);
      await world.untilStatus(ada, orderId, "FAILED");
      assert.equal((await read()).extendable, undefined);
      assert.equal((await extend()).body.code, "order_ended");
    });

    test("an order that waits for the bank after its deadline is not extended any more", async () => {
      const { ada, orderId, extend, read } = await newOrder();
      // Its provider decides when the test says so.
      assert.equal((await payOrder(ada, orderId, { cardNumber: "4000000000000909" })).status, 202);
      await holdDecision(world, orderId);
      await endTimeToPay(world, orderId);
      await eventually(async () => (await read()).reason === "payment_undecided");
      const answer = await extend();
      assert.deepEqual([answer.status, answer.body.code], [409, "too_late"]);
      await decideNow(world, orderId);
    });
  });

  test("orders outside of drops offer none, and another person's order is not found", async () => {
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, await world.newProduct({ stock: 1 }));
    const none = await ada.post(`/orders/${orderId}/extend`);
    assert.deepEqual([none.status, none.body.code], [409, "extension_not_offered"]);
    const other = await world.as("eve").post(`/orders/${orderId}/extend`);
    assert.deepEqual([other.status, other.body.code], [404, "order_not_found"]);
  });
});
