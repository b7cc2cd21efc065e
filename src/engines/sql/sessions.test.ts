/** Sessions that were opened at a bad moment, on a real PostgreSQL. */
import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import pg from "pg";
import { openTestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { openDbosPool } from "../workflows/dbos/pool.ts";
import { createServerTrouble, dryWriteAll } from "./dry-write.ts";
import { openSql } from "./postgres.ts";
import type { Queryable } from "./sql.ts";

const database = await openTestDatabase();
/** Opened before the fault, so it can undo its changes to the database. */
const operator = new pg.Client({ connectionString: database.url });
await operator.connect();
const { database: name } = operator;
await operator.query("create table lamps (id int primary key)");
after(async () => {
  await operator.end();
  await database.close();
});

function setReadOnly(on: boolean) {
  return operator.query(`alter database ${name} ${on ? "set default_transaction_read_only = on" : "reset all"}`);
}

function open() {
  return openSql({ url: database.url, maxConnections: 4, applicationName: "sessions" });
}

/** All connections of the pool work at once, so that each is opened. */
function useAll(sql: ReturnType<typeof open>) {
  return Promise.all(Array.from({ length: 4 }, () => sql.query("select pg_sleep(0.05)")));
}

let lamps = 0;
function nextLamp(): number {
  lamps += 1;
  return lamps;
}
function insert(sql: Queryable) {
  return sql.query("insert into lamps values ($1)", [nextLamp()]);
}

describe("O2: a session that was opened while the database took no writes", () => {
  beforeEach(() => setReadOnly(false));

  test("leaves the pool: the first write after that succeeds, and so do many at once", async () => {
    await using sql = closing(open());
    await setReadOnly(true);
    await useAll(sql);
    await assert.rejects(insert(sql), /read-only/);
    await setReadOnly(false);
    await until(() => insert(sql));
    await Promise.all(Array.from({ length: 12 }, () => insert(sql)));
    await Promise.all(Array.from({ length: 12 }, () => sql.transaction(insert)));
  });

  test("leaves it too if it only reads, until a check asks whether it can write", async () => {
    await using sql = closing(open());
    const pools = [{ module: "orders", url: database.url, sql }];
    const couldWrite = () => dryWriteAll(pools, createServerTrouble());
    await setReadOnly(true);
    await useAll(sql);
    await assert.rejects(couldWrite(), /orders: this session takes no writes/);
    await setReadOnly(false);
    await until(() => couldWrite().then(() => true));
    // The replica for reports may be read-only for good.
    await setReadOnly(true);
    await using reports = closing(open());
    await dryWriteAll([{ module: "reports", url: database.url, sql: reports }], createServerTrouble());
  });

  test("whose prepared statements were dropped, or whose role was changed, is not used again", async () => {
    await using sql = closing(open());
    await useAll(sql);
    await sql.query("select count(*) from lamps");
    await sql.query("discard all");
    await useAll(sql);
    await operator.query(`create role visitor_${name}`);
    await sql.query(`set role visitor_${name}`);
    await Promise.all(Array.from({ length: 12 }, () => insert(sql)));
    await sql.query("reset role");
    await operator.query(`drop role visitor_${name}`);
  });

  test("leaves the pool of the workflow engine too", async () => {
    const pool = openDbosPool(database.url);
    await setReadOnly(true);
    const client = await pool.connect();
    await assert.rejects(client.query("insert into lamps values (-1)"), /connection to PostgreSQL lost.*read-only/);
    client.release();
    await setReadOnly(false);
    const next = await pool.connect();
    await next.query("insert into lamps values (-1)");
    next.release();
    await pool.end();
  });
});

test("O2: a server without space shows in health for as long as statements meet the error", async () => {
  const trouble = createServerTrouble();
  await using sql = closing(
    openSql({ url: database.url, maxConnections: 1, applicationName: "full", onServerTrouble: trouble.note }),
  );
  const full = `do $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`;
  await assert.rejects(sql.query(full));
  await assert.rejects(dryWriteAll([{ module: "orders", url: database.url, sql }], trouble), /No space left on device/);
});

function closing(sql: ReturnType<typeof open>) {
  return { ...sql, [Symbol.asyncDispose]: () => sql.close() };
}
