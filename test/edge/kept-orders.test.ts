import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addProducts, confirmAll, keepOrders } from "../../bench/kept.ts";
import { migrate } from "../../src/engines/sql/migrate.ts";
import { readFigures } from "../../src/inventory/books/figures.ts";
import { schemas } from "../../src/main.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: schemas });
});
after(() => database?.close());

test("the orders and products that a benchmark of growth writes by SQL fit the books: their sums agree", async () => {
  const { sql, url } = database;
  await addProducts(url, 1, 3, 100);
  await keepOrders(url, { productId: "kept-2", after: 0, count: 40 });
  await sql.query("update orders.orders set status = 'PAYMENT_PENDING' where reservation_no <= 10");
  await sql.query("delete from inventory.stock_outcome where reservation_no <= 10");
  await confirmAll(url);
  const [kept, ...others] = await readFigures(sql, ["kept-2", "kept-3", "kept-4"]);
  assert.ok(kept);
  const { totalIn, committed, sold, entered, claimed, soldCounted, soldQueued } = kept;
  assert.deepEqual({ totalIn, committed }, { totalIn: 140, committed: 40 });
  assert.deepEqual([entered, claimed, soldCounted + soldQueued], [totalIn, committed, sold]);
  assert.deepEqual(
    others.map(({ totalIn, entered }) => [totalIn, entered]),
    [
      [100, 100],
      [100, 100],
    ],
  );
});
