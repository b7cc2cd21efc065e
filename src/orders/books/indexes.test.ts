/** Frequent queries of orders, and those of people, have an index, so that none reads every order. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { ordersSchema } from "../orders.ts";
import { standingStatement } from "./overdue-rows.ts";
import { type OrderFilter, searchStatement, searchValues } from "./search.ts";

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [ordersSchema] });
});
after(() => database?.close());

test("O19: the orders of one product are found by an index", async () => {
  const plan = await database.sql.query("explain select order_id from orders.orders where product_id = 'lamp'");
  assert.match(JSON.stringify(plan), /orders_of_product/);
});

test("O19: orders that wait too long are found by the index of open orders", async () => {
  const nowhere = ["2026-01-01", "-infinity", "00000000-0000-0000-0000-000000000000", 20];
  const plan = await database.sql.query(`explain ${standingStatement}`, nowhere);
  assert.match(JSON.stringify(plan), /open_orders_by_deadline/);
});

const pageSize = 50;

const searches: [string, OrderFilter, RegExp][] = [
  ["all orders", {}, /orders_by_time/],
  ["orders in a status that none has", { status: "REFUNDED" }, /ended_orders_by_status/],
  ["open orders, of which there are none", { status: "PAYMENT_PENDING" }, /open_orders_by_deadline/],
  ["the orders of the product that sold most", { productIds: ["chair"] }, /orders_by_time|orders_of_product/],
  ["a product's orders in a rare status", { productIds: ["chair"], status: "CANCELLED" }, /ended_orders_by_status/],
  ["the orders of some days", { from: new Date("2026-01-02"), to: new Date("2026-01-03") }, /orders_by_time/],
  ["the orders in a status", { status: "FAILED" }, /ended_orders_by_status/],
  ["the orders of a product", { productIds: ["lamp"] }, /orders_of_product/],
  ["the orders of a buyer", { q: "buyer 7" }, /orders_of_user/],
  ["the orders of a buyer, who has an account", { q: "ada@example.com", buyer: "buyer 7" }, /orders_of_user/],
  ["an order by its short code", { q: "7GQ4-0001" }, /orders_by_code/],
  ["an order by its id", { q: "9f86d081-884c-8d65-9a2f-eaa0c55ad015" }, /orders_pkey/],
];

test("an operator's search reads an index, whatever is asked for, and never every order", async () => {
  // As many as PostgreSQL needs to prefer an index by itself.
  await database.sql.query(
    `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor,
            currency, price_version, status, body_hash, placed_at, pay_by, timeline)
     select gen_random_uuid(), 'buyer ' || n % 5000, case n % 5000 when 0 then 'lamp' else 'chair' end, 1, n, 1, 4999,
            'EUR', 1, case n % 50 when 0 then 'FAILED' else 'CONFIRMED' end, '', at, at, '[]'
       from generate_series(1, 20000) n, lateral (select timestamptz '2026-01-01' + n * interval '1 minute' as at) t`,
  );
  await database.sql.query("analyze orders.orders");
  for (const [name, filter, index] of searches) {
    const rows = await database.sql.query(
      `explain (analyze, format json) ${searchStatement}`,
      searchValues(filter, null, pageSize),
    );
    const text = JSON.stringify(rows);
    assert.match(text, index, `${name}: ${text}`);
    assert.doesNotMatch(text, /Seq Scan/, name);
    // Whatever the index: one that is read from its end to find a page among rows of other kinds is as good as none.
    const passedOver = [...text.matchAll(/"Rows Removed by (?:Filter|Index Recheck)":(\d+)/g)].map((found) =>
      Number(found[1]),
    );
    assert.ok(Math.max(0, ...passedOver) <= pageSize, `${name} passes over ${passedOver} rows: ${text}`);
  }
});
