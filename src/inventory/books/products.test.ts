import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { inventorySchema } from "../inventory.ts";
import { productsOfStatement, readProductsOf } from "./products.ts";

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [inventorySchema] });
});
after(() => database?.close());

test("the product of an order is found by the beginning of the order's id, and by an index", async () => {
  const { sql } = database;
  await sql.query(
    "insert into inventory.stock (product_id) select 'product ' || n from generate_series(1, 5000) n union select $1",
    ["l\\ämp"],
  );
  await sql.query("analyze inventory.stock");
  const prefixOf = (productId: string) => hash("sha256", productId).slice(0, 12);
  const asked = [prefixOf("product 17"), prefixOf("l\\ämp"), prefixOf("invented")];
  assert.deepEqual((await readProductsOf(sql, asked)).toSorted(), ["l\\ämp", "product 17"]);
  const plan = await sql.query(`explain ${productsOfStatement}`, [asked]);
  assert.match(JSON.stringify(plan), /stock_by_prefix/);
});
