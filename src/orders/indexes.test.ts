/** Frequent queries of orders, and those of people, have an index, so that none reads every order. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { ordersSchema } from "./orders.ts";

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [ordersSchema] });
});
after(() => database?.close());

test("O19: the orders of one product are found by an index", async () => {
  const plan = await database.sql.transaction(async (tx) => {
    // PostgreSQL reads an empty table as a whole, whatever its indexes.
    await tx.query("set local enable_seqscan = off");
    return tx.query("explain select order_id from orders.orders where product_id = 'lamp'");
  });
  assert.match(JSON.stringify(plan), /orders_of_product/);
});
