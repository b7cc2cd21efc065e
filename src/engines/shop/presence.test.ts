import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { migrate } from "../sql/migrate.ts";
import { MayNotRun } from "./agreement.ts";
import { openPresence, type Presence } from "./presence.ts";
import { shopSchema } from "./shop.ts";

describe("the presence of a process in its shop", { concurrency: true }, () => {
  const log = createLog({ level: "silent" });
  const databases: TestDatabase[] = [];
  const presences: Presence[] = [];
  let fresh: () => Promise<{
    database: TestDatabase;
    open(alone?: string, mayGoOn?: () => Promise<void>): Promise<Presence>;
  }>;

  before(() => {
    fresh = async () => {
      const database = await openTestDatabase();
      databases.push(database);
      await migrate({ url: database.url, modules: [shopSchema] });
      return {
        database,
        async open(alone, mayGoOn = async () => {}) {
          const presence = await openPresence({ url: database.url, alone, settings: {}, log, mayGoOn });
          presences.push(presence);
          return presence;
        },
      };
    };
  });
  after(async () => {
    await Promise.all(presences.map((presence) => presence.close()));
    await Promise.all(databases.map((database) => database.close()));
  });

  const endSessions = (database: TestDatabase) =>
    database.sql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'dropgate process%'`,
    );

  test("O34: several may run, or one that is alone, and when that one ends the next one may start", async () => {
    const { open } = await fresh();
    const [one, two] = [await open(), await open()];
    await assert.rejects(open("the gate is in memory"), /the gate is in memory, and another process of this shop runs/);
    await Promise.all([one.close(), two.close()]);
    const alone = await open("the gate is in memory");
    await assert.rejects(open(), /a process of this shop is alone with it/);
    await alone.close();
    await open();
  });

  test("O34: each learns the server of the others' gate, for as long as they live", async () => {
    const { open } = await fresh();
    const [one, two] = [await open(), await open()];
    await two.tell("gate", { id: "run-1", address: "10.0.0.5:6379" });
    assert.deepEqual(
      (await one.others()).map(({ servers }) => servers),
      [{ gate: { id: "run-1", address: "10.0.0.5:6379" } }],
    );
    await two.close();
    assert.deepEqual(await one.others(), []);
  });

  test("each service that runs in a living process is listed once, and none of a process that ended", async () => {
    const { database, open } = await fresh();
    const [one, two] = [await open(), await open()];
    await one.runs(["order", "payment"]);
    await two.runs(["order", "settlement"]);
    assert.deepEqual((await one.running()).toSorted(), ["order", "payment", "settlement"]);
    await two.close();
    assert.deepEqual((await one.running()).toSorted(), ["order", "payment"]);
    await database.sql.query("update shop.process set seen_at = now() - interval '1 minute'");
    await until(async () => (await one.running()).length === 2);
  });

  test("O34: a process that loses its session registers again by itself", async () => {
    const { database, open } = await fresh();
    const [one, two] = [await open(), await open()];
    await one.tell("log", { id: "cluster", address: "kafka:9092" });
    await endSessions(database);
    await until(async () => (await two.others()).some(({ servers }) => servers.log?.id === "cluster"));
  });

  test("O34: a process whose check after a lost session found no database is checked again, and told to end", async () => {
    const { database, open } = await fresh();
    let checks = 0;
    const one = await open(undefined, async () => {
      checks += 1;
      if (checks === 2) throw new Error("the database answers nothing");
      if (checks === 3) throw new MayNotRun("the shop has moved");
    });
    await endSessions(database);
    assert.match((await one.lost).message, /the shop has moved/);
  });

  test("O34: a process that must be alone and lost its place to another one is told to end", async () => {
    const { database, open } = await fresh();
    const one = await open("the gate is in memory");
    // The first one may have its place back before the other one asks; then it loses its session again.
    const two = await until(async () => {
      await endSessions(database);
      return open("the gate is in memory");
    });
    const reason = await one.lost;
    assert.match(reason.message, /the gate is in memory, and another process of this shop runs/);
    assert.equal(await Promise.race([two.lost, Promise.resolve("goes on")]), "goes on");
  });
});
