import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openSql } from "./postgres.ts";

const database = await openTestDatabase();

/** One connection, and so one plan for each statement. */
const sql = openSql({ url: database.url, maxConnections: 1, applicationName: "plans" });
after(async () => {
  await sql.close();
  await database.close();
});

const readWhole = "select seq_tup_read::int as rows from pg_stat_xact_user_tables where relname = $1";

/** Rows of the table that scans of the whole table read, in a transaction of their own. */
function rowsReadWhole(table: string, statement: string, values: unknown[]): Promise<number | undefined> {
  return sql.transaction(async (tx) => {
    await tx.query(statement, values);
    const [read] = await tx.query<{ rows: number }>(readWhole, [table]);
    return read?.rows;
  });
}

test("a statement that was planned while its table was empty reads a full one by its index", async () => {
  await sql.query(
    "create table payments (id int primary key, order_id int not null, body char(250), unique (order_id, id))",
  );
  const statement =
    "select body from payments where order_id = any($1::int[] || array(select order_id from payments where id = any($2::int[])))";
  // After some uses, a connection keeps one plan for all values.
  for (let use = 0; use < 10; use += 1) await rowsReadWhole("payments", statement, [[1], [2]]);
  await sql.query("insert into payments select n, n, 'x' from generate_series(1, 20000) n");
  assert.equal(await rowsReadWhole("payments", statement, [[1, 2, 3], [4]]), 0);
});

test("the planning of statements does not depend on the settings of the database", async () => {
  const own = { enable_seqscan: "on", jit: "on", max_parallel_workers_per_gather: "2" };
  for (const [name, value] of Object.entries(own))
    await sql.query(`alter database ${new URL(database.url).pathname.slice(1)} set ${name} = ${value}`);
  const later = openSql({ url: database.url, maxConnections: 1, applicationName: "plans" });
  const settings = await later.query("select name, setting from pg_settings where name = any($1) order by name", [
    Object.keys(own),
  ]);
  assert.deepEqual(settings, [
    { name: "enable_seqscan", setting: "off" },
    { name: "jit", setting: "off" },
    { name: "max_parallel_workers_per_gather", setting: "0" },
  ]);
  await later.close();
});
