import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Queryable, Sql } from "#engines/sql";
import type { TestDatabase } from "../../../test/support/database.ts";
import { openInventoryDatabase } from "../inventory.testing.ts";
import { readCounts, readFigures } from "./figures.ts";
import { forgetKeysStatement } from "./retired-keys.ts";

const sold = 20_000;
const small = 50;

let database: TestDatabase;
before(async () => {
  database = await openInventoryDatabase();
  const { sql } = database;
  await sql.query(
    `insert into inventory.stock (product_id, total_in, committed, sold)
     select 'small-' || i, 10, 0, 0 from generate_series(1, ${small}) as i
     union all select 'hot', 30000, ${sold}, ${sold}`,
  );
  await sql.query(
    `insert into inventory.stock_ledger (product_id, epoch, reservation_no, fate, order_id, user_id, quantity)
     select 'hot', 1, i, 'claimed', gen_random_uuid(), 'ada', 1 from generate_series(1, ${sold}) as i`,
  );
  await sql.query(
    `insert into inventory.stock_outcome (product_id, epoch, reservation_no, outcome, quantity)
     select 'hot', 1, i, 'sold', 1 from generate_series(1, ${sold}) as i`,
  );
  // As many rows as PostgreSQL needs to expect the same number of every product.
  await sql.query("analyze");
});
after(() => database?.close());

/** How many rows of the ledger and of the outcomes a reading takes, by PostgreSQL's own counters. */
async function rowsReadBy(read: (sql: Sql) => Promise<unknown>): Promise<number> {
  return database.sql.transaction(async (tx) => {
    const before = await counted(tx);
    await read({ ...database.sql, ...tx, transaction: (work) => work(tx) });
    return (await counted(tx)) - before;
  });
}

async function counted(sql: Queryable): Promise<number> {
  const [row] = await sql.query<{ rows: number }>(
    `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables
      where schemaname = 'inventory' and relname in ('stock_ledger', 'stock_outcome')`,
  );
  return row?.rows ?? 0;
}

test("reconcile reads the rows of the products that it compares, and none of a product that sold much more", async () => {
  const page = Array.from({ length: small }, (_, i) => `small-${i + 1}`);
  assert.equal(await rowsReadBy((sql) => readFigures(sql, page)), 0);
  assert.equal(await rowsReadBy((sql) => readFigures(sql, ["hot"])), 2 * sold);
  const [hot] = await readFigures(database.sql, ["hot"]);
  assert.deepEqual([hot?.claimed, hot?.soldCounted], [sold, sold]);
});

test("the stock of a product is told without reading what it sold", async () => {
  assert.equal(await rowsReadBy((sql) => readCounts(sql, "hot")), 0);
  assert.deepEqual(await readCounts(database.sql, "hot"), {
    totalIn: 30_000,
    committed: sold,
    sold,
    releasedQueued: 0,
    soldQueued: 0,
  });
});

test("keys of passes that are over are found by an index, not among all that stand", async () => {
  const { sql } = database;
  await sql.query(
    `insert into inventory.retired_key (order_id, product_id, until_ms)
     select gen_random_uuid(), 'hot', 1000000 + i from generate_series(1, 5000) as i`,
  );
  await sql.query("analyze inventory.retired_key");
  assert.match(JSON.stringify(await sql.query(`explain ${forgetKeysStatement}`, [1_000])), /retired_keys_by_end/);
});
