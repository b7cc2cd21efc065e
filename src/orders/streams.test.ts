/** Counts the queries of open streams. test/edge/streams.test.ts tests that they report everything. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Tx } from "#engines/sql";
import { inventorySchema } from "#inventory";
import { randomId, uuidV8 } from "#platform/ids";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { changesSince } from "./books/changes.ts";
import { insertOrders, readLonger, readOrders, type SeenEntries, type SettledOrder } from "./books/order-rows.ts";
import { type Order, ordersSchema } from "./orders.ts";
import type { Step } from "./state.ts";
import { takeSteps } from "./steps/step-rows.ts";
import { createStreams, type Streams } from "./streams.ts";

describe("open streams", () => {
  let database: TestDatabase;
  let streams: Streams;
  let looks = 0;
  /** Orders that the looks asked for, and the number of those that they were given. */
  const asked = new Set<string>();
  let read = 0;
  let mostAtOnce = 0;
  let failing = false;
  let tellOfChange = (_order?: Order) => {};
  const written = new Map<string, string>();
  const orderIds = Array.from({ length: 2_500 }, () => uuidV8(randomId(6), randomId(10)));

  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [inventorySchema, ordersSchema] });
    const { sql } = database;
    await sql.transaction((tx) => insertOrders(tx, orderIds.map(settled), new Date(), new Map()));
    // The face that streams use, with its calls counted.
    const orders = {
      onChange(listener: (order?: Order) => void) {
        tellOfChange = listener;
        return () => {};
      },
      changesSince: (position: string | undefined) => {
        looks += 1;
        return changesSince(sql, position);
      },
      readNews: async (seen: readonly SeenEntries[]) => {
        if (failing) throw new Error("the books do not answer");
        mostAtOnce = Math.max(mostAtOnce, seen.length);
        const { longer, missing } = await readLonger(sql, seen);
        for (const { orderId } of seen) asked.add(orderId);
        read += longer.length;
        return { orders: longer, unsettled: missing };
      },
    };
    streams = createStreams(orders, () => assert.ok(failing));
    for (const order of await readOrders(sql, orderIds)) {
      streams.open(order, 0, responseOf(order.orderId), () => true);
    }
    await until(() => asked.size === orderIds.length);
    // Open transactions of the whole server, such as those of other tests, make looks find the orders again.
    await until(async () => {
      asked.clear();
      await looksFrom(looks, 2);
      return asked.size === 0;
    });
  });
  after(async () => {
    await streams.stop();
    await database.close();
  });

  function settled(orderId: string, i: number): SettledOrder {
    const reservation = {
      orderId,
      productId: "lamp",
      epoch: 1,
      reservationNo: i + 1,
      userId: "ada",
      quantity: 1,
      unitPriceMinor: 100,
      currency: "EUR",
      priceVersion: 1,
      limitPerCustomer: null,
      bodyHash: "",
      reservedAtMs: Date.now(),
      payByMs: Date.now() + 60_000,
    };
    return { reservation, status: "PAYMENT_PENDING", reason: null };
  }

  function responseOf(orderId: string): ServerResponse {
    const write = (text: string) => void written.set(orderId, (written.get(orderId) ?? "") + text);
    return { write, writableLength: 0, on() {}, end() {}, destroy() {} } as unknown as ServerResponse;
  }

  const looksFrom = (from: number, more: number) => until(() => looks >= from + more);

  const takeIn = async (tx: Tx, orderId: string, step: Step) =>
    (await takeSteps(tx, [{ orderId }], step, { reason: null }, new Date()))[0];
  const take = (orderId: string, step: Step) => database.sql.transaction((tx) => takeIn(tx, orderId, step));
  const isTold = (orderId: string, status: string) => until(() => written.get(orderId)?.includes(status));

  test("O30: without changes read no orders: a look is one statement for all of them", async () => {
    asked.clear();
    await looksFrom(looks, 2);
    assert.equal(asked.size, 0);
  });

  test("O30: read only the order that changed, and report it", async () => {
    const [orderId = ""] = orderIds;
    asked.clear();
    read = 0;
    await take(orderId, "confirm");
    await isTold(orderId, "CONFIRMED");
    await looksFrom(looks, 2);
    assert.deepEqual([[...asked], read], [[orderId], 1]);
  });

  test("O30: report a change even if it commits after later ones were seen", async () => {
    const [, late = "", early = ""] = orderIds;
    read = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = database.sql.transaction(async (tx) => {
      await takeIn(tx, late, "confirm");
      await promise;
    });
    await take(early, "confirm");
    await isTold(early, "CONFIRMED");
    await looksFrom(looks, 2);
    assert.equal(read, 1, "an open transaction makes looks find the change again, and not read it again");
    resolve();
    await writing;
    await isTold(late, "CONFIRMED");
  });

  test("O30: report a change of this process at once, without a look", async () => {
    const [, , , orderId = ""] = orderIds;
    tellOfChange(await take(orderId, "cancel"));
    assert.match(written.get(orderId) ?? "", /CANCELLED/);
  });

  test("O30: read 2,000 orders in one look when all change at once, and report each once, also after a failure", async () => {
    const waiting = orderIds.slice(10);
    failing = true;
    await database.sql.query(
      `update orders.orders set timeline = timeline || '{"status": "NOTED"}'::jsonb where order_id = any($1::uuid[])`,
      [waiting],
    );
    await looksFrom(looks, 1);
    failing = false;
    await until(() => waiting.every((orderId) => written.get(orderId)?.includes("NOTED")));
    assert.equal(mostAtOnce, 2_000);
    assert.ok(waiting.every((orderId) => written.get(orderId)?.split("NOTED").length === 2));
  });

  test("O30: cost no look once every reader has left, even before the first look", async () => {
    let tell = () => {};
    const unasked = () => assert.fail("the books were asked");
    const onChange = (listener: () => void) => {
      tell = listener;
      return () => {};
    };
    const others = createStreams({ onChange, changesSince: unasked, readNews: unasked }, unasked);
    const [order] = await readOrders(database.sql, orderIds.slice(10, 11));
    assert.ok(order);
    let leave = () => {};
    const on = (_event: string, listener: () => void) => {
      leave = listener;
    };
    others.open(order, 1, Object.assign(responseOf("unread"), { on }), () => true);
    tell();
    leave();
    // A loop that found work for ever would never come to this.
    await setImmediate();
    await others.stop();
  });
});
