import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openSql } from "./postgres.ts";

const database = await openTestDatabase();
after(() => database.close());
await database.sql.query("create table counter (n int4)");
await database.sql.query("insert into counter values (0)");

for (const level of ["serializable", "repeatable read"]) {
  test(`O15: if the database's default is ${level}, forty transactions that lock one row at once all succeed at the first try`, async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.sql.query(`alter database ${name} set default_transaction_isolation = '${level}'`);
    await database.sql.query("update counter set n = 0");
    const sql = openSql({ url: database.url, maxConnections: 8, applicationName: "isolation" });
    const shown = "select current_setting('transaction_isolation') as level";
    assert.deepEqual(await sql.query(shown), [{ level: "read committed" }]);
    let tries = 0;
    const once = () =>
      sql.transaction(async (tx) => {
        tries += 1;
        assert.deepEqual(await tx.query(shown), [{ level: "read committed" }]);
        const [row] = await tx.query<{ n: number }>("select n from counter for update");
        await tx.query("update counter set n = $1", [(row?.n ?? 0) + 1]);
      });
    await Promise.all(Array.from({ length: 40 }, once));
    await Promise.all(Array.from({ length: 40 }, () => sql.query("update counter set n = n + 1")));
    assert.deepEqual(await sql.query("select n from counter"), [{ n: 80 }]);
    assert.equal(tries, 40);
    await sql.close();
  });
}

test("O15: the URL's own options stay in force", async () => {
  const url = new URL(database.url);
  url.searchParams.set("options", "-c search_path=pg_catalog -c work_mem=5MB");
  const sql = openSql({ url: url.href, maxConnections: 1, applicationName: "options" });
  const [row] = await sql.query(
    "select current_setting('work_mem') as mem, current_setting('transaction_isolation') as level",
  );
  assert.deepEqual(row, { mem: "5MB", level: "read committed" });
  await sql.close();
});

test("O15: if the database writes times in another style, they are read all the same", async () => {
  const name = new URL(database.url).pathname.slice(1);
  await database.sql.query(`alter database ${name} set datestyle = 'German, DMY'`);
  const sql = openSql({ url: database.url, maxConnections: 1, applicationName: "datestyle" });
  const at = new Date("2026-11-05T23:59:59.123Z");
  const [row] = await sql.query("select $1::timestamptz as at, '2026-11-05'::date as day", [at]);
  assert.deepEqual(row, { at, day: "2026-11-05" });
  await sql.close();
});

test("O15: if the database reads arrays, texts and comparisons in an old way, statements mean the same", async () => {
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of ["array_nulls = off", "standard_conforming_strings = off", "transform_null_equals = on"])
    await database.sql.query(`alter database ${name} set ${setting}`);
  const sql = openSql({ url: database.url, maxConnections: 1, applicationName: "old ways" });
  const rows = await sql.query(
    String.raw`select value, 'a\nb' as text, null = null as same from unnest($1::text[]) as value`,
    [["one", null]],
  );
  assert.deepEqual(rows, [
    { value: "one", text: String.raw`a\nb`, same: null },
    { value: null, text: String.raw`a\nb`, same: null },
  ]);
  await sql.close();
});
