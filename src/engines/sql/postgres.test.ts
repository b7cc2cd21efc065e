import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { isUnavailable } from "#platform/unavailable";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openPostgresProxy } from "../../../test/support/tcp-proxy.ts";
import { until } from "../../../test/support/until.ts";
import { openSql } from "./postgres.ts";
import { CommitUnknown, type Tx } from "./sql.ts";

const database = await openTestDatabase();
const { sql } = database;
after(() => database.close());

await sql.query("create table counters (name text primary key, value int8 not null)");

async function counter(name: string): Promise<unknown> {
  const [row] = await sql.query("select value from counters where name = $1", [name]);
  return row?.value;
}

function add(tx: Tx, name: string) {
  return tx.query("update counters set value = value + 1 where name = $1", [name]);
}

/** Sends a signal to the server's side of every other matching connection of this database. */
function terminate(condition: string) {
  return sql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
  );
}

test("an int8 is a number, a date its text, a timestamptz an instant, a numeric its digits", async () => {
  const [row] = await sql.query(
    `select 9007199254740991::int8 as big, array[1, null]::int8[] as many, date '2026-11-27' as day,
            timestamptz '2026-11-27 00:00+01' as at, 1.10::numeric as exact, count(*) as n from counters where false`,
  );
  assert.deepEqual(row, {
    big: Number.MAX_SAFE_INTEGER,
    many: [1, null],
    day: "2026-11-27",
    at: new Date("2026-11-26T23:00:00Z"),
    exact: "1.10",
    n: 0,
  });
});

test("an int8 that a number cannot hold is an error, and is never rounded", async () => {
  await assert.rejects(sql.query("select 9007199254740993::int8"), /9007199254740993 does not fit a number/);
});

test("a statement is prepared once for each connection", async () => {
  const single = openSql({ url: database.url, maxConnections: 1, applicationName: "prepared" });
  for (let i = 0; i < 3; i += 1) await single.query("select $1::int4 as n", [i]);
  const prepared = await single.query("select statement from pg_prepared_statements where statement like '%as n'");
  await single.close();
  assert.equal(prepared.length, 1);
});

test("a statement prepared before a migration changed its columns runs again by itself", async () => {
  const single = openSql({ url: database.url, maxConnections: 1, applicationName: "stale" });
  await single.query("create table stale (a int4)");
  await single.query("select * from stale");
  await sql.query("alter table stale add column b int4");
  await single.query("insert into stale values (1, 2)");
  assert.deepEqual(await single.query("select * from stale"), [{ a: 1, b: 2 }]);
  await single.close();
});

test("a transaction whose work throws leaves nothing, and its connection is used again", async () => {
  const single = openSql({ url: database.url, maxConnections: 1, applicationName: "rollback" });
  const backend = () => single.query("select pg_backend_pid() as pid");
  const before = await backend();
  const work = single.transaction(async (tx) => {
    await tx.query("insert into counters values ('undone', 1)");
    throw new Error("changed my mind");
  });
  await assert.rejects(work, /changed my mind/);
  assert.equal(await counter("undone"), undefined);
  assert.deepEqual(await backend(), before);
  await single.close();
});

test("a transaction that swallows the error of a statement does not count as committed", async () => {
  const work = sql.transaction(async (tx) => {
    await tx.query("insert into counters values ('swallowed', 1)");
    await tx.query("select 1 / 0").catch(() => {});
  });
  await assert.rejects(work, /nothing was committed/);
  assert.equal(await counter("swallowed"), undefined);
});

test("a statement after its transaction's end is refused", async () => {
  const kept = await sql.transaction(async (tx) => tx);
  await assert.rejects(kept.query("select 1"), /the transaction has ended/);
});

test("two transactions that deadlock both commit", async () => {
  await sql.query("insert into counters values ('left', 0), ('right', 0)");
  let runs = 0;
  const bothHoldOne = Promise.withResolvers<void>();
  const cross = (first: string, second: string) =>
    sql.transaction(async (tx) => {
      await tx.query("set local deadlock_timeout = '20ms'");
      await add(tx, first);
      runs += 1;
      if (runs === 2) bothHoldOne.resolve();
      await bothHoldOne.promise;
      await add(tx, second);
    });
  await Promise.all([cross("left", "right"), cross("right", "left")]);
  assert.deepEqual([await counter("left"), await counter("right")], [2, 2]);
  assert.ok(runs > 2, "no transaction was the victim");
});

test("a serialization failure runs the work again, also when a module has wrapped it", async () => {
  await sql.query("insert into counters values ('serial', 0)");
  let runs = 0;
  await sql.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read");
    await tx.query("select value from counters where name = 'serial'");
    runs += 1;
    if (runs === 1) await sql.query("update counters set value = 10 where name = 'serial'");
    await add(tx, "serial").catch((cause) => {
      throw new Error("cannot count", { cause });
    });
  });
  assert.equal(runs, 2);
  assert.equal(await counter("serial"), 11);
});

test("a backend that is terminated during COMMIT leaves the commit unknown", async () => {
  await sql.query(
    "create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end'",
  );
  await sql.query("create table lingering (id int4)");
  await sql.query(
    `create constraint trigger linger after insert on lingering
       deferrable initially deferred for each row execute function linger()`,
  );
  const work = assert.rejects(
    sql.transaction((tx) => tx.query("insert into lingering values (1)")),
    CommitUnknown,
  );
  await until(async () => (await terminate("query = 'commit' and state = 'active'")).length === 1);
  await work;
});

test("a commit whose answer is lost is unknown, and may be committed; afterCommit is not run", async () => {
  const proxy = await openPostgresProxy(database.url);
  // "read committed" is asked for before.
  proxy.dropAnswers({ to: (request) => request.includes("commit\0"), cutting: true });
  const behind = openSql({ url: proxy.url, maxConnections: 1, applicationName: "cut" });
  const followed: string[] = [];
  const work = behind.transaction((tx) => {
    tx.afterCommit(() => void followed.push("told"));
    return tx.query("insert into counters values ('cut', 1)");
  });
  await assert.rejects(work, CommitUnknown);
  assert.equal(await counter("cut"), 1);
  assert.deepEqual(followed, []);
  await behind.close();
  await proxy.close();
});

test("a commit that PostgreSQL refuses is known to have failed", async () => {
  await sql.query("create table strict (id int4 unique deferrable initially deferred)");
  const work = sql.transaction((tx) => tx.query("insert into strict values (1), (1)"));
  await assert.rejects(work, (error) => error instanceof pg.DatabaseError && error.code === "23505");
});

test("connections that are lost while idle are replaced", async () => {
  await Promise.all([sql.query("select pg_sleep(0.01)"), sql.query("select pg_sleep(0.01)")]);
  const admin = openSql({ url: database.url, maxConnections: 1, applicationName: "admin" });
  await admin.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name like 'test_%' and datname = current_database()",
  );
  await admin.close();
  await until(async () => (await sql.query("select 1").catch(() => [])).length === 1);
});

test("a transaction that loses its connection between two statements fails, and the process lives", async () => {
  const work = sql.transaction(async (tx) => {
    await tx.query("insert into counters values ('lost', 1)");
    await until(async () => (await terminate("state = 'idle in transaction'")).length === 0);
    await tx.query("select 1");
  });
  await assert.rejects(work);
  assert.equal(await counter("lost"), undefined);
});

test("a transaction that loses its connection behind its last statement commits nothing, and the database counts as away", async () => {
  const single = openSql({ url: database.url, maxConnections: 1, applicationName: "losing" });
  const work = single.transaction(async (tx) => {
    await tx.query("insert into counters values ('lost', 1)");
    await until(async () => (await terminate("application_name = 'losing'")).length === 0);
  });
  await assert.rejects(work, isUnavailable);
  assert.equal(await counter("lost"), undefined);
  assert.equal((await single.query("select 1")).length, 1);
  await single.close();
});

test("if PostgreSQL ends a transaction for its time limit, the database counts as away", async () => {
  for (const code of ["25P03", "25P04"]) {
    const ended = sql.query(`do $$ begin raise exception 'ended' using errcode = '${code}'; end $$`);
    await assert.rejects(ended, isUnavailable, code);
  }
});
