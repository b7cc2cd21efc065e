import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { inventorySchema } from "../inventory.ts";
import { readEarlierOrders } from "./earlier-orders.ts";

describe("the orders of earlier epochs", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [inventorySchema] });
  });
  after(() => database?.close());

  /** Orders `first` to `last` of an epoch, decided by `fate`; returns their ids. */
  async function decided(epoch: number, first: number, last: number, fate = "claimed"): Promise<string[]> {
    const rows = await database.sql.query<{ orderId: string }>(
      `insert into inventory.stock_ledger (product_id, epoch, reservation_no, fate, order_id, user_id, quantity, seq)
       select 'lamp', $1, no, $4, gen_random_uuid(), 'ada', 1, null from generate_series($2::bigint, $3::bigint) as no
       returning order_id::text as "orderId"`,
      [epoch, first, last, fate],
    );
    return rows.map(({ orderId }) => orderId);
  }

  test("are all found, whatever became of them, and hardly any other order is taken for one of them", async () => {
    const earlier = [
      // Those that were placed past the gate have numbers below zero.
      ...(await decided(1, -3, -1)),
      ...(await decided(2, 1, 41_000)),
      ...(await decided(3, 1, 5, "void")),
    ];
    const later = await decided(4, 1, 1_000);
    const orders = await readEarlierOrders(database.sql, "lamp", { beforeEpoch: 4, atMost: 50_000 });
    assert.ok(orders);
    assert.equal(orders.count, earlier.length);
    assert.deepEqual(
      earlier.filter((orderId) => !orders.mayHave(orderId)),
      [],
    );
    assert.ok(later.filter(orders.mayHave).length < 10);
  });

  test("are not read if they are too many, and may be none", async () => {
    assert.equal(await readEarlierOrders(database.sql, "lamp", { beforeEpoch: 4, atMost: 41_007 }), undefined);
    const none = await readEarlierOrders(database.sql, "lamp", { beforeEpoch: 1, atMost: 0 });
    assert.deepEqual([none?.count, none?.mayHave(randomUUID())], [0, false]);
  });

  test("are read by as many statements as they fill, however far apart their numbers are", {
    timeout: 20_000,
  }, async () => {
    // A record that no gate made may name any number.
    const [first = "", second = ""] = [
      ...(await decided(11, 1, 1)),
      ...(await decided(11, 9_007_199_254_740_991, 9_007_199_254_740_991)),
    ];
    const orders = await readEarlierOrders(database.sql, "lamp", { beforeEpoch: 12, atMost: 50_000 });
    assert.ok(orders?.mayHave(first) && orders.mayHave(second));
  });
});
