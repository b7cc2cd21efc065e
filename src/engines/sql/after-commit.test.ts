/** What follows a commit, on a real PostgreSQL. The lost answer to COMMIT is in postgres.test.ts. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { openTestDatabase } from "../../../test/support/database.ts";
import { AfterCommitFailed } from "./after-commit.ts";
import { isDataFault } from "./data-faults.ts";
import { openSql } from "./postgres.ts";
import type { Tx } from "./sql.ts";

const database = await openTestDatabase();
/** One connection: what follows a commit can only ask the database if the transaction has given it back. */
const sql = openSql({ url: database.url, maxConnections: 1, applicationName: "after commit" });
after(async () => {
  await sql.close();
  await database.close();
});
await sql.query("create table lamps (id int primary key)");

let said: string[] = [];
beforeEach(async () => {
  said = [];
  await sql.query("truncate lamps");
});

function say(tx: Tx, word: string) {
  return tx.afterCommit(() => void said.push(word));
}

async function lamps() {
  return (await sql.query<{ id: number }>("select id from lamps order by id")).map(({ id }) => id);
}

test("work for after a commit runs once, in its order, before the transaction answers", async () => {
  const answer = await sql.transaction(async (tx) => {
    say(tx, "first");
    await tx.query("insert into lamps values (1)");
    say(tx, "second");
    assert.deepEqual(said, []);
    return "answer";
  });
  assert.equal(answer, "answer");
  assert.deepEqual(said, ["first", "second"]);
});

test("work for after a commit finds the rows committed, and the connection free", async () => {
  let found: Promise<number[]> | undefined;
  await sql.transaction(async (tx) => {
    tx.afterCommit(() => {
      found = lamps();
    });
    await tx.query("insert into lamps values (1)");
  });
  assert.deepEqual(await found, [1]);
});

test("nothing follows a rollback, whether the work threw or swallowed the error of a statement", async () => {
  const threw = sql.transaction(async (tx) => {
    say(tx, "threw");
    throw new Error("changed my mind");
  });
  await assert.rejects(threw, /changed my mind/);
  const swallowed = sql.transaction(async (tx) => {
    say(tx, "swallowed");
    await tx.query("select 1 / 0").catch(() => {});
  });
  await assert.rejects(swallowed, /nothing was committed/);
  assert.deepEqual(said, []);
});

test("when the work runs again, only what the run that committed asked for follows", async () => {
  let runs = 0;
  await sql.transaction(async (tx) => {
    runs += 1;
    say(tx, `run ${runs}`);
    await tx.query("insert into lamps values ($1)", [runs]);
    if (runs < 3) await tx.query("do $$ begin raise exception using errcode = 'serialization_failure'; end $$");
  });
  assert.equal(runs, 3);
  assert.deepEqual(said, ["run 3"]);
  assert.deepEqual(await lamps(), [3]);
});

test("if a function throws, the others run, and the transaction is committed and not repeated", async () => {
  let runs = 0;
  const work = sql.transaction(async (tx) => {
    runs += 1;
    // As if PostgreSQL had asked for a repetition.
    const fault = Object.assign(new TypeError("no such lamp"), { code: "40001" });
    say(tx, "before");
    tx.afterCommit(() => {
      throw fault;
    });
    say(tx, "after");
    await tx.query("insert into lamps values (1)");
  });
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof AfterCommitFailed);
    assert.match(String(error.cause), /no such lamp/);
    // Otherwise a record that is settled would be buried as one that can never be.
    assert.equal(isDataFault(error), false);
    return true;
  });
  assert.deepEqual(said, ["before", "after"]);
  assert.deepEqual([runs, await lamps()], [1, [1]]);
});

test("a transaction that has ended takes no more functions", async () => {
  let ended: Tx | undefined;
  await sql.transaction(async (tx) => {
    ended = tx;
  });
  assert.throws(() => ended?.afterCommit(() => {}), /has ended/);
});
