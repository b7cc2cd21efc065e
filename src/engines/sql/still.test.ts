/** The state that loops compare, on a real PostgreSQL. Tests of other databases of the server may write at any time. */
import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import pg from "pg";
import { openTestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import type { Still } from "./sql.ts";
import { createStill } from "./still.ts";

const database = await openTestDatabase();
await database.sql.query("create table lamps (id int generated always as identity)");
const other = new pg.Client({ connectionString: database.url });
await other.connect();
after(async () => {
  await other.end();
  await database.close();
});

const write = "insert into lamps default values returning pg_current_xact_id()::text as transaction";

async function numberOfWrite(): Promise<string> {
  const { rows } = await other.query<{ transaction: string }>(write);
  return rows[0]?.transaction ?? "";
}

describe("the mark of a database", () => {
  let still: Still;
  let nowMs = 0;
  beforeEach(() => {
    // Each look at the clock is a second later, so every mark is a new question.
    still = createStill(database.sql, () => {
      nowMs += 1_000;
      return nowMs;
    });
  });

  test("stays while nothing is written, whatever is read", async () => {
    await until(async () => {
      const before = await still.mark();
      await other.query("select * from lamps");
      return before === (await still.mark());
    });
  });

  test("changes with each write", async () => {
    const before = await still.mark();
    await other.query(write);
    assert.notEqual(await still.mark(), before);
  });

  test("changes when a transaction ends that was under way, although later ones ended before it", async () => {
    await other.query("begin");
    await other.query(write);
    await database.sql.query(write);
    const during = await still.mark();
    await other.query("commit");
    assert.notEqual(await still.mark(), during);
  });

  test("stays over signs of life, one after another, and changes with the next write", async () => {
    await until(async () => {
      const before = await still.mark();
      still.passOver(await numberOfWrite());
      const afterOne = await still.mark();
      still.passOver(await numberOfWrite());
      return afterOne === (await still.mark()) && afterOne === before;
    });
    const before = await still.mark();
    await other.query(write);
    still.passOver(await numberOfWrite());
    assert.notEqual(await still.mark(), before);
  });

  test("changes when a write ends that began before a sign of life", async () => {
    const before = await still.mark();
    await other.query("begin");
    await other.query(write);
    const [sign] = await database.sql.query<{ transaction: string }>(write);
    still.passOver(sign?.transaction);
    const during = await still.mark();
    await other.query("commit");
    const ended = await still.mark();
    assert.notEqual(ended, during);
    assert.notEqual(ended, before);
  });

  test("is one question for all who ask within a quarter of a second", async () => {
    const standing = createStill(database.sql, () => 0);
    const [first, second] = [standing.mark(), standing.mark()];
    assert.equal(first, second);
    await first;
  });
});
