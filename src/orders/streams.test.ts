/** Counts the queries of open streams. test/edge/streams.test.ts tests that they report everything. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { inventorySchema } from "#inventory";
import { randomId, uuidV8 } from "#platform/ids";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { changesSince } from "./changes.ts";
import { insertOrders, readOrders, type SettledOrder, takeStep } from "./order-rows.ts";
import { type Orders, ordersSchema } from "./orders.ts";
import { createStreams, type Streams } from "./streams.ts";

describe("open streams", () => {
  let database: TestDatabase;
  let streams: Streams;
  let looks = 0;
  let read = 0;
  const written = new Map<string, string>();
  const orderIds = Array.from({ length: 300 }, () => uuidV8(randomId(6), randomId(10)));

  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [inventorySchema, ordersSchema] });
    const { sql } = database;
    await sql.transaction((tx) => insertOrders(tx, orderIds.map(settled), new Date()));
    // The face that streams use, with its calls counted.
    const orders = {
      onChange: () => () => {},
      changesSince: (position: string | undefined) => {
        looks += 1;
        return changesSince(sql, position);
      },
      readMany: (ids: readonly string[]) => {
        read += ids.length;
        return readOrders(sql, ids);
      },
    };
    streams = createStreams(orders as unknown as Orders, (_what, error) => assert.fail(String(error)));
    for (const order of await readOrders(sql, orderIds)) streams.open(order, 0, responseOf(order.orderId));
    await looksFrom(looks, 2);
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
    return { reservation, status: "INVENTORY_RESERVED", reason: null };
  }

  function responseOf(orderId: string): ServerResponse {
    const write = (text: string) => void written.set(orderId, (written.get(orderId) ?? "") + text);
    return { write, writableLength: 0, on() {}, end() {}, destroy() {} } as unknown as ServerResponse;
  }

  const looksFrom = (from: number, more: number) => until(() => looks >= from + more);

  test("O30: without changes read no orders: a look is one statement for all of them", async () => {
    read = 0;
    await looksFrom(looks, 3);
    assert.equal(read, 0);
  });

  test("O30: read only the order that changed, and report it", async () => {
    const [orderId = ""] = orderIds;
    read = 0;
    await database.sql.transaction((tx) => takeStep(tx, orderId, "request_payment", null, new Date()));
    await until(() => written.get(orderId)?.includes("PAYMENT_PENDING"));
    await looksFrom(looks, 2);
    assert.ok(read >= 1 && read <= 3, `${read} orders were read`);
  });

  test("O30: report a change even if it commits after later ones were seen", async () => {
    const [, late = "", early = ""] = orderIds;
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = database.sql.transaction(async (tx) => {
      await takeStep(tx, late, "request_payment", null, new Date());
      await promise;
    });
    await database.sql.transaction((tx) => takeStep(tx, early, "request_payment", null, new Date()));
    await until(() => written.get(early)?.includes("PAYMENT_PENDING"));
    resolve();
    await writing;
    await until(() => written.get(late)?.includes("PAYMENT_PENDING"));
  });
});
