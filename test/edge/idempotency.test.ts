import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import type { Answer, Client, Order, PlacedOrder, Problem, Stock } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

type Answered = Answer<PlacedOrder & Problem>;

describe("an Idempotency-Key names one order, or one change of stock", () => {
  let world: World;
  let lamp: string;
  before(async () => {
    world = await openWorld();
    lamp = await world.newProduct({ stock: 1_000 });
  });
  afterEach(async () => {
    disarmCrashPoints();
    await world.faults.restoreLog();
  });
  after(() => world.close());

  let buyers = 0;
  /** Each buyer of these tests is new, so that they hold only what the test made. */
  function newBuyer(): { name: string; buyer: Client } {
    buyers += 1;
    const name = `buyer-${buyers}`;
    return { name, buyer: world.as(name) };
  }

  function order(buyer: Client, key: string, quantity = 1, productId = lamp, more = {}): Promise<Answered> {
    return buyer.post("/orders", { productId, quantity, ...more }, { "idempotency-key": key });
  }

  async function unitsOf(buyer: Client): Promise<number> {
    const { body } = await buyer.get<{ orders: Order[] }>("/orders");
    return body.orders.reduce((sum, one) => sum + one.quantity, 0);
  }

  async function assertOneOrder(buyer: Client, answers: readonly Answered[], units = 1): Promise<void> {
    const [first] = answers as [Answered];
    for (const { status, body } of answers) {
      assert.equal(status, 202, JSON.stringify(body));
      assert.deepEqual({ ...body, status: "" }, { ...first.body, status: "" });
    }
    await world.untilStatus(buyer, first.body.orderId, "PAYMENT_PENDING", "CONFIRMED");
    await world.untilAtRest(lamp);
    assert.equal(await unitsOf(buyer), units);
  }

  test("K1: fifty times at once: one order, one answer, and forty-nine marked as repeats", async () => {
    const { buyer } = newBuyer();
    const answers = await Promise.all(Array.from({ length: 50 }, () => order(buyer, "key")));
    await assertOneOrder(buyer, answers);
    assert.equal(answers.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 49);
  });

  test("K2: with another body it is refused, and the first order stays as it is", async () => {
    const { buyer } = newBuyer();
    const first = await order(buyer, "key", 2);
    const others = [await order(buyer, "key", 3), await order(buyer, "key", 2, lamp, { expectedTotal: 3_998 })];
    for (const { status, body } of others) assert.deepEqual([status, body.code], [422, "idempotency_mismatch"]);
    await assertOneOrder(buyer, [first, await order(buyer, "key", 2)], 2);
  });

  test("with two bodies at once one of them wins", async () => {
    const { buyer } = newBuyer();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => order(buyer, "key", 1 + (i % 2))));
    const won = answers.filter(({ status }) => status === 202);
    const lost = answers.filter(({ status }) => status !== 202);
    assert.equal(won.length, 10);
    for (const { status, body } of lost) assert.deepEqual([status, body.code], [422, "idempotency_mismatch"]);
    const [first] = won as [Answered];
    await assertOneOrder(buyer, won, first.body.total / 1_999);
  });

  test("K4: it belongs to its buyer and to the product: other buyers with the same key get orders of their own", async () => {
    const [one, other] = [newBuyer(), newBuyer()];
    const chair = await world.newProduct({ stock: 5 });
    const answers = [
      await order(one.buyer, "key"),
      await order(other.buyer, "key"),
      await order(one.buyer, "key", 1, chair),
    ];
    assert.equal(new Set(answers.map(({ body }) => body.orderId)).size, 3);
  });

  test("K3: it survives repeated losses of the gate's memory", async () => {
    const { buyer } = newBuyer();
    const answers = [await order(buyer, "key")];
    for (let loss = 0; loss < 3; loss += 1) {
      await world.faults.loseGate();
      answers.push(
        await eventually(async () => {
          const answer = await order(buyer, "key");
          return answer.status === 202 && answer;
        }),
      );
    }
    await assertOneOrder(buyer, answers);
    assert.equal((await order(buyer, "key", 2)).body.code, "idempotency_mismatch");
  });

  test("K3: it survives a restart of the system", async () => {
    const { buyer } = newBuyer();
    const first = await order(buyer, "key", 2);
    await world.restart();
    await assertOneOrder(buyer, [first, await order(buyer, "key", 2)], 2);
    assert.equal((await order(buyer, "key", 3)).body.code, "idempotency_mismatch");
  });

  test("it names its order even after that has ended", async () => {
    const { buyer } = newBuyer();
    const first = await order(buyer, "key");
    assert.equal((await cancelOrder(buyer, first.body.orderId)).status, 202);
    for (const forget of [async () => {}, world.faults.loseGate]) {
      await world.untilAtRest(lamp);
      await forget();
      await world.untilAtRest(lamp);
      const again = await order(buyer, "key");
      assert.deepEqual([again.status, again.body.orderId], [202, first.body.orderId]);
    }
    assert.equal((await world.untilAtRest(lamp)).available, (await world.untilAtRest(lamp)).gate);
    assert.equal((await buyer.get<Order>(first.body.statusUrl)).body.status, "CANCELLED");
  });

  test("K5: a retry finds a lost answer, wherever it was lost", async () => {
    for (const point of ["place.marked", "place.reserved"]) {
      const { buyer } = newBuyer();
      const disarm = armCrashPoint(point, { kind: "error" });
      const lost = await order(buyer, "key");
      disarm();
      assert.equal(lost.status, 503, point);
      const found = await order(buyer, "key");
      await assertOneOrder(buyer, [found, await order(buyer, "key")]);
      if (lost.body.orderId) assert.equal(found.body.orderId, lost.body.orderId);
    }
  });

  test("K5: a buyer whose connection breaks before the answer finds the order by a retry", async () => {
    const { name, buyer } = newBuyer();
    const body = JSON.stringify({ productId: lamp, quantity: 1 });
    const head = [
      "POST /orders HTTP/1.1",
      "Host: localhost",
      `X-User-Id: ${name}`,
      "Idempotency-Key: key",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ];
    const { hostname, port } = new URL(world.origin);
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
    });
    await new Promise((resolve) => socket.on("close", resolve));
    await assertOneOrder(buyer, [await order(buyer, "key"), await order(buyer, "key")]);
  });

  test("a refusal is not stored: the key may be used again once there is stock, or a log", async () => {
    const chair = await world.newProduct({ stock: 0 });
    const { buyer } = newBuyer();
    assert.equal((await order(buyer, "key", 1, chair)).body.code, "sold_out");
    await world.admin.post(`/inventory/${chair}/restock`, { quantity: 1, reason: "more" });
    await world.faults.loseLog();
    // The gate may hear of the new stock a moment later.
    await eventually(async () => (await order(buyer, "key", 1, chair)).body.code === "order_failed");
    await world.faults.restoreLog();
    const placed = await eventually(async () => {
      const answer = await order(buyer, "key", 1, chair);
      return answer.status === 202 && answer;
    });
    await world.untilStatus(buyer, placed.body.orderId, "PAYMENT_PENDING");
    assert.equal((await world.untilAtRest(chair)).held, 1);
  });

  for (const [action, change, units] of [
    ["restock", { quantity: 7 }, 7],
    ["adjust", { delta: 7 }, 7],
    ["adjust", { delta: -7 }, -7],
  ] as const) {
    test(`B5: ${action} by ${units} under one key twenty times at once counts once, while people buy`, async () => {
      const productId = await world.newProduct({ stock: 300 });
      const enter = (more = {}) =>
        world.admin.post<Stock & Problem>(
          `/inventory/${productId}/${action}`,
          { ...change, reason: "delivery 7", ...more },
          { "idempotency-key": "delivery-7" },
        );
      const buying = Promise.all(Array.from({ length: 20 }, (_, i) => world.place(world.as(`buyer-${i}`), productId)));
      const answers = await Promise.all(Array.from({ length: 20 }, () => enter()));
      for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
      await buying;
      await world.faults.loseGate();
      const { onHand, held } = await world.untilAtRest(productId);
      assert.deepEqual({ onHand, held }, { onHand: 300 + units, held: 20 });
      const [name] = Object.keys(change) as [string];
      assert.equal((await enter({ [name]: units + 1 })).body.code, "idempotency_mismatch");
    });
  }

  test("the ledger of a product has each entry once, newest first, with who made it and why, for the warehouse alone", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const clerk = world.as("linus", "WAREHOUSE");
    const delivery = { quantity: 7, reason: "delivery 7" };
    for (const _ of [1, 2]) {
      await clerk.post(`/inventory/${productId}/restock`, delivery, { "idempotency-key": "delivery-7" });
    }
    await world.admin.post(`/inventory/${productId}/adjust`, { delta: -2, reason: "broken" });
    type Page = { items: { actor: string; delta: number; reason: string; ref: string }[]; nextCursor: string | null };
    const entries: Page["items"] = [];
    for (let cursor = ""; ; ) {
      const { status, body } = await clerk.get<Page>(`/inventory/${productId}/ledger?limit=2${cursor}`);
      assert.equal(status, 200, JSON.stringify(body));
      entries.push(...body.items);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(
      entries.map(({ actor, delta, reason }) => [actor, delta, reason]),
      [
        ["admin", -2, "broken"],
        ["linus", 7, "delivery 7"],
        ["admin", 5, "test"],
      ],
    );
    assert.equal(entries[1]?.ref, "delivery-7");
    assert.equal((await world.as("ada").get(`/inventory/${productId}/ledger`)).status, 403);
    const unknown = await clerk.get("/inventory/no-such-product/ledger");
    assert.deepEqual([unknown.status, unknown.body.code], [404, "product_not_found"]);
    const strange = await clerk.get(`/inventory/${productId}/ledger?cursor=AAAA`);
    assert.deepEqual([strange.status, strange.body.code], [400, "validation"]);
  });

  describe("O8: the key of a change of stock covers the whole request", () => {
    const key = { "idempotency-key": "delivery-8" };
    const grace = () => world.as("grace", "WAREHOUSE");
    let chair: string;
    const first = (by = grace()) =>
      by.post<Stock & Problem>(`/inventory/${chair}/restock`, { quantity: 3, reason: "van" }, key);
    before(async () => {
      chair = await world.newProduct({ stock: 0 });
      assert.equal((await first()).status, 200);
    });

    test("a repeat is answered 200, is marked as a repeat, and enters nothing", async () => {
      const { status, headers, body } = await first();
      assert.deepEqual([status, headers["idempotency-replayed"], body.onHand], [200, "true", 3]);
    });

    test("it belongs to its product: one delivery may restock several", async () => {
      const desk = await world.newProduct({ stock: 0 });
      const brought = { quantity: 3, reason: "van" };
      assert.equal((await grace().post<Stock>(`/inventory/${desk}/restock`, brought, key)).body.onHand, 3);
    });

    for (const [what, use] of [
      ["another address", () => grace().post(`/inventory/${chair}/adjust`, { delta: 3, reason: "van" }, key)],
      ["another reason", () => grace().post(`/inventory/${chair}/restock`, { quantity: 3, reason: "truck" }, key)],
      ["other units", () => grace().post(`/inventory/${chair}/restock`, { quantity: 4, reason: "van" }, key)],
      ["units out", () => grace().post(`/inventory/${chair}/adjust`, { delta: -3, reason: "van" }, key)],
      ["another actor", () => first(world.as("linus", "WAREHOUSE"))],
    ] as const) {
      test(`${what} under it is another request, and enters nothing`, async () => {
        const { status, body } = await use();
        assert.deepEqual([status, (body as Problem).code], [422, "idempotency_mismatch"]);
        assert.deepEqual((await world.untilAtRest(chair)).onHand, 3);
      });
    }
  });
});
