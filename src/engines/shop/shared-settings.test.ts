import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { readConfig } from "../../config/config.ts";
import { sharedOf } from "../../config/shared.ts";
import { openPool } from "../open.ts";
import { migrate } from "../sql/migrate.ts";
import { databasesOf } from "./databases.ts";
import { openPresence } from "./presence.ts";
import { requireSameServers } from "./servers.ts";
import { entriesOf, type SharedSetting } from "./shared-settings.ts";
import { readShop, shopSchema } from "./shop.ts";

describe("the settings that the living processes of a shop share", { concurrency: true }, () => {
  type Settings = Readonly<Record<string, string | undefined>>;
  const settings: Settings = {
    DATABASE_URL: "postgres://shop@books.example/shop",
    JWT_SECRET: "a secret of this test, longer than 32 bytes",
    SMTP_URL: "smtps://shop:first-password@mail.example:465",
    MAIL_FROM: "shop@shop.example",
    BEACON_URLS: "https://a.drand.example,https://b.drand.example",
    PUBLIC_URL: "https://shop.example",
    PAYMENT_PROVIDER: "stripe",
    STRIPE_SECRET_KEY: "sk_test_secret1",
    STRIPE_PUBLISHABLE_KEY: "pk_test_1",
    STRIPE_WEBHOOK_SECRET: "whsec_secret1",
  };
  const databases: TestDatabase[] = [];
  let fresh: () => Promise<{
    database: TestDatabase;
    start(change?: Settings): Promise<AsyncDisposable>;
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
          const config = readConfig({ ...settings, ...change }, "no .env in tests");
          const shared = sharedOf(config, config.JWT_SECRET ?? "");
          return join(url, id, shared);
        },
      };
    };
  });
  after(async () => void (await Promise.all(databases.map((database) => database.close()))));

  const simulated: Settings = {
    PAYMENT_PROVIDER: "simulator",
    STRIPE_SECRET_KEY: undefined,
    STRIPE_PUBLISHABLE_KEY: undefined,
    STRIPE_WEBHOOK_SECRET: undefined,
    PAYMENT_WEBHOOK_SECRET: "simulator-secret1",
  };
  const changes: readonly [setting: string, value: string | undefined, says: RegExp, beside?: Settings][] = [
    [
      "JWT_SECRET",
      "another secret of this test, as long as that",
      /^JWT_SECRET of this process is not that of process \d+ on \S+, so each would refuse .*: give all processes/,
    ],
    ["JWT_ISSUER", "other", /^JWT_ISSUER .* \(other, and there dropgate\), so each would refuse the tokens/],
    ["JWT_AUDIENCE", "people", /^JWT_AUDIENCE .* \(people, and there none\), so one would refuse the tokens/],
    [
      "PUBLIC_URL",
      "https://trial.example",
      /^PUBLIC_URL .* \(https:\/\/trial\.example, and there https:\/\/shop\.example\), so one would refuse requests/,
    ],
    [
      "SMTP_URL",
      "smtps://shop:first-password@mail.elsewhere.example:465",
      /^SMTP_URL of this process is not that .* \(mail\.elsewhere\.example:465, and there mail\.example:465\), so some/,
    ],
    ["SMTP_URL", "smtps://trial:first-password@mail.example:465", /^SMTP_URL .* on \S+, so some mails/],
    ["SMTP_URL", undefined, /^SMTP_URL .* \(none, and there mail\.example:465\)/, { MAIL_FROM: undefined }],
    [
      "BEACON_URLS",
      undefined,
      /^BEACON_URLS .* \(the shop's own, and there https:\/\/a\.drand\.example,https:\/\/b\.drand\.example\), so a line/,
    ],
    ["BEACON_URLS", "https://c.drand.example", /^BEACON_URLS .* \(https:\/\/c\.drand\.example, /],
    ["STRIPE_SECRET_KEY", "sk_test_secret2", /^STRIPE_SECRET_KEY .* on \S+, so a payment of one may be unknown/],
    ["STRIPE_WEBHOOK_SECRET", "whsec_secret2", /^STRIPE_WEBHOOK_SECRET .* on \S+, so one would refuse Stripe's/],
    ["PAYMENT_WEBHOOK_SECRET", "simulator-secret2", /^PAYMENT_WEBHOOK_SECRET .*, so one would refuse/, simulated],
  ];
  for (const [setting, value, says, beside] of changes) {
    const shown = value ?? "none";
    const first = beside === simulated ? simulated : {};
    const change = { ...first, ...beside, [setting]: value };
    test(`O34: a process with another ${setting} (${shown}) than a living one does not start, and names it; it starts once that one has ended`, async () => {
      const { start } = await fresh();
      const living = await start(first);
      await assert.rejects(start(change), (error: Error) => {
        assert.match(error.message, says);
        assert.match(error.message, /to change it, stop all of them and start them with the new one$/);
        assert.doesNotMatch(error.message, /password|secret of this test|secret\d/);
        return true;
      });
      await living[Symbol.asyncDispose]();
      await using _next = await start(change);
    });
  }

  test("O34: a process whose module has another database than in a living one does not start, whatever the addresses", async () => {
    const [common, one, two] = [await fresh(), await fresh(), await fresh()];
    async function start(ordersUrl: string): Promise<AsyncDisposable> {
      const shared = await databasesOf(new Map([[ordersUrl, [{ schema: "orders" }]]]), ["orders"], openPool);
      return join(common.database.url, "", shared);
    }
    await using _living = await start(one.database.url);
    const otherAddress = new URL(one.database.url);
    otherAddress.searchParams.set("application_name", "by another address");
    await using _same = await start(otherAddress.href);
    await assert.rejects(start(two.database.url), (error: Error) => {
      assert.match(
        error.message,
        /^ORDERS_DATABASE_URL of this process is not that of process \d+ on \S+ \(.* at .*\), so each/,
      );
      return true;
    });
  });

  test("a server that tells its id to its administrators alone keeps no process from its start", async (t) => {
    const { database } = await fresh();
    const role = `plain_${process.pid}`;
    await database.sql.query("revoke execute on function pg_control_system() from public");
    await database.sql.query(`create role ${role} login password 'plain'`);
    t.after(() => database.sql.query(`drop role ${role}`));
    const url = Object.assign(new URL(database.url), { username: role, password: "plain" });
    assert.deepEqual(await databasesOf(new Map([[url.href, [{ schema: "orders" }]]]), ["orders"], openPool), []);
  });

  test("the same beacons and address in other words and a new password of the mail server are no difference", async () => {
    const { start } = await fresh();
    await using _first = await start();
    await using _second = await start({
      SMTP_URL: "smtps://shop:second-password@mail.example:465",
      BEACON_URLS: "https://b.drand.example,https://a.drand.example",
      PUBLIC_URL: "https://Shop.example:443/",
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
      assert.doesNotMatch(JSON.stringify(row), /password|secret of this test|secret\d|shop:/);
      entries.push(row?.servers.tokens.id ?? "");
    }
    assert.notEqual(entries[0], entries[1]);
  });
});

/** A process of the shop, until it is disposed of. @throws if a living one has other settings. */
async function join(url: string, shopId: string, shared: readonly SharedSetting[]): Promise<AsyncDisposable> {
  const settings = await entriesOf(shared, shopId);
  const log = createLog({ level: "silent" });
  const presence = await openPresence({ url, settings, log, mayGoOn: async () => {} });
  try {
    await requireSameServers(presence, shared);
  } catch (error) {
    await presence.close();
    throw error;
  }
  return { [Symbol.asyncDispose]: () => presence.close() };
}
