import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { migrateDatabase } from "#engines/open";
import type { Sql } from "#engines/sql";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { inventorySchema } from "../inventory.ts";
import { createModeFollower, type ModeFollower, promisesEndMs, readMode, writeMode } from "./mode.ts";

describe("the switch", () => {
  let database: TestDatabase;
  let nowMs: number;
  let follower: ModeFollower;
  let asked: number;
  let isDown: boolean;
  before(async () => {
    database = await openTestDatabase();
    await migrateDatabase({ kafka: undefined, databaseUrls: {} }, database, [inventorySchema]);
  });
  after(() => database.close());
  beforeEach(async () => {
    nowMs = 50_000;
    asked = 0;
    isDown = false;
    const sql: Sql = {
      ...database.sql,
      query(text, values) {
        asked += 1;
        return isDown ? Promise.reject(new Error("down")) : database.sql.query(text, values);
      },
    };
    follower = createModeFollower(sql, () => nowMs);
    await writeMode(database.sql, { mode: "gatekeeper", ready: true, actor: "test" });
    await follower.refresh();
  });

  test("is used for two seconds after it was read, and then counts as closed", () => {
    assert.deepEqual([follower.current(), follower.mayPromise()], ["gatekeeper", true]);
    nowMs += 2_000;
    assert.deepEqual([follower.current(), follower.mayPromise()], ["gatekeeper", true]);
    nowMs += 1;
    assert.deepEqual([follower.current(), follower.mayPromise()], ["closed", false]);
  });

  for (const [mode, ready] of [
    ["sync", false],
    ["sync", true],
    ["closed", true],
    ["gatekeeper", false],
  ] as const) {
    test(`after it went to ${mode}${ready ? "" : ", not ready"}, the gate's reservations are promised for two seconds more and no longer`, async () => {
      nowMs += 500;
      await writeMode(database.sql, { mode, ready, actor: "test" });
      await follower.refresh();
      assert.deepEqual([follower.current(), follower.mayPromise()], [ready ? mode : "closed", true]);
      nowMs += 1_500;
      await follower.refresh();
      assert.equal(follower.mayPromise(), true);
      nowMs += 1;
      assert.equal(follower.mayPromise(), false);
      assert.ok(nowMs < 50_500 + promisesEndMs, "the switch waits longer");
    });
  }

  test("a reading counts from the moment of its request, not of its answer", async () => {
    const asked = nowMs;
    const answering = follower.refresh();
    nowMs += 1_900;
    await answering;
    nowMs = asked + 2_001;
    assert.deepEqual([follower.current(), follower.mayPromise()], ["closed", false]);
  });

  test("after the process stood still the mode is read again before an order is refused, once for all orders", async () => {
    nowMs += 60_000;
    const readings = Promise.all([follower.known(), follower.known()]);
    assert.equal(follower.current(), "closed");
    assert.deepEqual(await readings, ["gatekeeper", "gatekeeper"]);
    assert.equal(follower.mayPromise(), true);
    assert.equal(asked, 2, "at the beginning, and once for both");
    await writeMode(database.sql, { mode: "closed", ready: true, actor: "test" });
    assert.equal(await follower.known(), "gatekeeper", "a young reading is not repeated");
    nowMs += 60_000;
    assert.equal(await follower.known(), "closed");
    assert.equal(await follower.known(), "closed");
    assert.equal(asked, 3);
  });

  test("while the books do not answer no order waits for them, and after their next answer one may again", async () => {
    nowMs += 60_000;
    isDown = true;
    assert.equal(await follower.known(), "closed");
    assert.equal(await follower.known(), "closed");
    assert.equal(asked, 2);
    await assert.rejects(follower.refresh(), /down/);
    isDown = false;
    await follower.refresh();
    nowMs += 60_000;
    assert.equal(await follower.known(), "gatekeeper");
  });

  test("of two switches at once, the one that began last wins", async () => {
    const first = await writeMode(database.sql, { mode: "sync", ready: false, actor: "ada" });
    const second = await writeMode(database.sql, { mode: "gatekeeper", ready: false, actor: "bob" });
    assert.ok(first && second);
    const finish = { ready: true, actor: "both" };
    const late = await writeMode(database.sql, { ...finish, mode: "sync", after: first.version });
    assert.equal(late, undefined);
    const done = await writeMode(database.sql, { ...finish, mode: "gatekeeper", after: second.version });
    assert.deepEqual([done?.mode, done?.ready], ["gatekeeper", true]);
    assert.equal((await readMode(database.sql)).version, second.version + 1);
  });
});
