import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { migrate } from "../sql/migrate.ts";
import { openPresence } from "./presence.ts";
import { requireSameServers } from "./servers.ts";
import { type SharedSettings, sharedSettings } from "./shared-settings.ts";
import { readShop, shopSchema } from "./shop.ts";

describe("the settings that the living processes of a shop share", { concurrency: true }, () => {
  const settings: SharedSettings = {
    secret: "a secret of this test, longer than 32 bytes",
    smtp: { url: "smtps://shop:first-password@mail.example:465" },
    drand: { urls: ["https://a.drand.example", "https://b.drand.example"] },
  };
  const databases: TestDatabase[] = [];
  let fresh: () => Promise<{
    database: TestDatabase;
    start(change?: Partial<SharedSettings>): Promise<AsyncDisposable>;
  }>;

  before(() => {
    fresh = async () => {
      const database = await openTestDatabase();
      databases.push(database);
      const { url, sql } = database;
      await migrate({ url, modules: [shopSchema] });
      const { id } = await readShop(sql, { name: "", url });
      return {
        database,
        async start(change = {}) {
          const shared = await sharedSettings({ ...settings, ...change }, id);
          const log = createLog({ level: "silent" });
          const presence = await openPresence({ url, settings: shared, log, mayGoOn: async () => {} });
          try {
            await requireSameServers(presence);
          } catch (error) {
            await presence.close();
            throw error;
          }
          return { [Symbol.asyncDispose]: () => presence.close() };
        },
      };
    };
  });
  after(async () => void (await Promise.all(databases.map((database) => database.close()))));

  const changes: readonly [setting: string, change: Partial<SharedSettings>, says: RegExp][] = [
    [
      "JWT_SECRET",
      { secret: "another secret of this test, as long as that" },
      /^JWT_SECRET of this process is not that of process \d+ on \S+, so each would refuse .*: give all processes/,
    ],
    [
      "SMTP_URL",
      { smtp: { url: "smtps://shop:first-password@mail.elsewhere.example:465" } },
      /^SMTP_URL of this process is not that .* \(mail\.elsewhere\.example:465, and there mail\.example:465\), so some/,
    ],
    [
      "SMTP_URL",
      { smtp: { url: "smtps://trial:first-password@mail.example:465" } },
      /^SMTP_URL .* on \S+, so some mails/,
    ],
    ["SMTP_URL", { smtp: undefined }, /^SMTP_URL .* \(none, and there mail\.example:465\)/],
    [
      "BEACON_URLS",
      { drand: undefined },
      /^BEACON_URLS .* \(the shop's own, and there https:\/\/a\.drand\.example,https:\/\/b\.drand\.example\), so a line/,
    ],
    [
      "BEACON_URLS",
      { drand: { urls: ["https://c.drand.example"] } },
      /^BEACON_URLS .* \(https:\/\/c\.drand\.example, /,
    ],
  ];
  for (const [setting, change, says] of changes) {
    const given = JSON.stringify(Object.values(change)[0]) ?? "none";
    test(`O34: a process with another ${setting} (${given}) than a living one does not start, and names it`, async () => {
      const { start } = await fresh();
      await using _first = await start();
      await assert.rejects(start(change), (error: Error) => {
        assert.match(error.message, says);
        assert.match(error.message, /to change it, stop all of them and start them with the new one$/);
        assert.doesNotMatch(error.message, /password|secret of this test/);
        return true;
      });
    });

    test(`O34: once the others have ended, a process with another ${setting} (${given}) starts`, async () => {
      const { start } = await fresh();
      await (await start())[Symbol.asyncDispose]();
      await using _next = await start(change);
    });
  }

  test("the same beacons in another order and a new password of the mail server are no difference", async () => {
    const { start } = await fresh();
    await using _first = await start();
    await using _second = await start({
      smtp: { url: "smtps://shop:second-password@mail.example:465" },
      drand: { urls: ["https://b.drand.example", "https://a.drand.example"] },
    });
  });

  test("the books have no secret, and two shops with one secret have two hashes of it", async () => {
    const [one, two] = [await fresh(), await fresh()];
    const entries: string[] = [];
    for (const { database, start } of [one, two]) {
      await using _process = await start();
      const [row] = await database.sql.query<{ servers: { tokens: { id: string } } }>(
        "select servers from shop.process",
      );
      assert.doesNotMatch(JSON.stringify(row), /password|secret of this test|shop:/);
      entries.push(row?.servers.tokens.id ?? "");
    }
    assert.notEqual(entries[0], entries[1]);
  });
});
