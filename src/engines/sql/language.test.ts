/** A server whose messages are in another language: pg passes on the severity of an error in that language. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openPostgresProxy } from "../../../test/support/tcp-proxy.ts";
import { openSql } from "./postgres.ts";
import { CommitUnknown } from "./sql.ts";

const database = await openTestDatabase();
const proxy = await openPostgresProxy(database.url, { czech: true });
const sql = openSql({ url: proxy.url, maxConnections: 2, applicationName: "language" });
await sql.query("create table strict (id int4 unique deferrable initially deferred)");
await sql.query("create table counters (name text primary key, n int4 not null)");
await sql.query("insert into counters values ('a', 0), ('b', 0)");
after(async () => {
  await sql.close();
  await proxy.close();
  await database.close();
});

function isCzech(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === "CHYBA";
}

describe("O15: on a server whose messages are in another language", () => {
  test("a statement that is refused keeps its session", async () => {
    const [before] = await sql.query("select pg_backend_pid() as pid");
    await assert.rejects(sql.query("select 1 / 0"), isCzech);
    const refused = sql.transaction((tx) => tx.query("select 1 / 0"));
    await assert.rejects(refused, isCzech);
    assert.deepEqual(await sql.query("select pg_backend_pid() as pid"), [before]);
  });

  test("a commit that is refused is known to have failed", async () => {
    const work = sql.transaction((tx) => tx.query("insert into strict values (1), (1)"));
    await assert.rejects(work, isCzech);
  });

  test("a deadlock that the last statements of a transaction meet is repeated", async () => {
    const turn = Promise.withResolvers<void>();
    let waiting = 0;
    async function both(first: string, second: string): Promise<void> {
      await sql.transaction(async (tx) => {
        await tx.query("update counters set n = n + 1 where name = $1", [first]);
        waiting += 1;
        if (waiting === 2) turn.resolve();
        await turn.promise;
        tx.write("update counters set n = n + 1 where name = $1", [second]);
      });
    }
    await Promise.all([both("a", "b"), both("b", "a")]);
    assert.deepEqual(await sql.query("select n from counters"), [{ n: 2 }, { n: 2 }]);
  });

  test("a session that ends during a commit leaves its fate unknown", async () => {
    const work = sql.transaction(async (tx) => {
      await tx.query("create temporary table gone (n int4) on commit drop");
      tx.write("select pg_terminate_backend(pg_backend_pid())");
    });
    await assert.rejects(work, CommitUnknown);
  });
});
