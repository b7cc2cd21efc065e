/** The last release's processes and data, and this one's beside them. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { createIdentity } from "#identity";
import { openSql } from "../../src/engines/sql/postgres.ts";
import { serviceNames } from "../../src/service-names.ts";
import { sendCrowd } from "../crash/crowd.ts";
import { readRealGate } from "../crash/real-gate.ts";
import { watch } from "../crash/staff.ts";
import { askUntilAnswered, untilAtRest } from "../crash/trial.ts";
import { verdictOf } from "../drills/verdict.ts";
import { createClient, staff } from "../support/client.ts";
import { runCommand } from "../support/command.ts";
import { type Fleet, openFleet, type Program, tellOutput } from "../support/fleet.ts";
import { payOrder } from "../support/pay.ts";
import { createShop } from "../support/shop.ts";
import { until } from "../support/until.ts";
import { checkOutLastRelease, makeLaterRelease, whyNoLastRelease } from "./releases.ts";

const skip = (await whyNoLastRelease()) ?? false;
const present: Program = [process.execPath, new URL("../../src/cli/cli.ts", import.meta.url).pathname];
const limitPerCustomer = 2;

describe("an upgrade from the last release", { skip, timeout: 500_000 }, () => {
  let home: string;
  let last: Program;
  let later: Program;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "dropgate-upgrade-"));
    last = await checkOutLastRelease(join(home, "last"));
    later = await makeLaterRelease(join(home, "later"));
  });
  after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

  describe("on real servers, one process after the other, while people buy", () => {
    let fleet: Fleet;
    before(async () => {
      const all = serviceNames.join(",");
      fleet = await openFleet({
        members: { one: all, two: all },
        programOf: (name) => (name === "gateway" ? undefined : last),
        settings: {
          PAYMENT_WINDOW_MS: "8000",
          PAYMENT_GRACE_MS: "0",
          KAFKA_SESSION_TIMEOUT_MS: "6000",
          RATE_LIMIT_PERSON: "0",
          LOG_LEVEL: "warn",
        },
      });
    });
    afterEach((context) => tellOutput(fleet, ["one", "two", "gateway"])(context));
    after(() => fleet?.close());

    test("no order is lost, and every law holds", async (t) => {
      // With its limit from the start: a later one would reach the gate after the first orders.
      const productId = await fleet.newProduct({ stock: 2_000, limitPerCustomer });
      const useSql = async <T>(use: (sql: ReturnType<typeof openSql>) => Promise<T>) => {
        const sql = openSql({ url: fleet.servers.postgres.url, maxConnections: 2, applicationName: "upgrade" });
        return use(sql).finally(() => sql.close());
      };
      const readGate = (productIds: readonly string[]) => readRealGate(fleet.servers.redis, productIds);
      let open = true;
      const watching = watch(fleet.admin, [productId], () => open);
      const crowd = sendCrowd({
        as: fleet.as,
        productId,
        name: "upgrade",
        random: Math.random,
        count: 3_000,
        everyMs: 150,
        untilMs: Number.POSITIVE_INFINITY,
      });
      const accepted = () => crowd.wishes.filter(({ attempts }) => attempts.some(({ told }) => told === "ok")).length;
      const someMore = async () => {
        const [orders, ends] = [accepted() + 20, crowd.shown.length + 5];
        await until(() => accepted() >= orders && crowd.shown.length >= ends, { withinMs: 120_000, everyMs: 50 });
        return accepted();
      };
      try {
        const beforeIt = await someMore();
        await fleet.member("two").stop();
        await fleet.member("two").start({}, present);
        const beside = await someMore();
        await fleet.member("one").stop();
        await fleet.member("one").start({}, present);
        const afterIt = await someMore();
        t.diagnostic(`accepted: ${beforeIt} by the last release, ${beside} with both, ${afterIt} with this one`);
        const { wish } = await askUntilAnswered(fleet, productId, "late");
        crowd.close();
        await crowd.done;
        assert.ok(await untilAtRest({ admin: fleet.admin, useSql, readGate }, [productId]), "it comes to rest");
        open = false;
        await watching.done;
        const products = [{ productId, limitPerCustomer }];
        const { samples } = watching;
        const { broken } = await verdictOf({ useSql, readGate, crowd, samples, lateWish: wish, products });
        assert.deepEqual(broken, []);
        assert.equal((await fleet.reconcile()).status, "OK");
      } finally {
        open = false;
        crowd.stop();
      }
    });

    test("a database of a later release is refused with a sentence, and the processes that run go on", async () => {
      const settings = { ...fleet.environment, PORT: "0" };
      const migrated = runCommand(fleet.folder, ["migrate"], settings, later);
      assert.equal(await migrated.ended, 0, migrated.output);
      const refused = runCommand(fleet.folder, ["start"], settings, present);
      assert.equal(await refused.ended, 1, refused.output);
      assert.match(refused.output, /the schema desk is at version \d+, .*: a later program has been here/);
      const productId = await fleet.newProduct({ stock: 1 });
      await fleet.place(fleet.as("ada"), productId);
    });
  });

  test("a data folder of the last release opens with its orders, and one of a later release is refused", async () => {
    const folder = join(home, "embedded");
    const secret = "a secret for tests that has more than 32 bytes";
    const settings = { DATA_DIR: folder, JWT_SECRET: secret, PORT: "0", LOG_LEVEL: "warn" };
    const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: false });
    let origin = "";
    const as = (user: string, role: "ADMIN" | "CUSTOMER" = "CUSTOMER") =>
      createClient(
        () => origin,
        { authorization: `Bearer ${identity.issue({ user, role, ttlMs: 3_600_000 })}` },
        staff,
      );
    const shop = createShop({ as, admin: as("admin", "ADMIN") });
    const start = async (program: Program) => {
      const command = runCommand(home, ["start"], settings, program);
      origin = await command.untilUp();
      return async () => {
        command.kill("SIGTERM");
        await command.ended;
      };
    };

    const stopLast = await start(last);
    const productId = await shop.newProduct({ stock: 3 });
    const [paid, waiting] = [await shop.place(as("ada"), productId), await shop.place(as("bob"), productId)];
    assert.equal((await payOrder(as("ada"), paid.orderId, { cardNumber: "4242424242424242" })).status, 202);
    await shop.untilStatus(as("ada"), paid.orderId, "CONFIRMED");
    await shop.untilStatus(as("bob"), waiting.orderId, "PAYMENT_PENDING");
    await stopLast();

    const stop = await start(present);
    assert.equal((await shop.untilStatus(as("ada"), paid.orderId, "CONFIRMED")).quantity, 1);
    assert.equal((await payOrder(as("bob"), waiting.orderId, { cardNumber: "4242424242424242" })).status, 202);
    await shop.untilStatus(as("bob"), waiting.orderId, "CONFIRMED");
    const { sold, available, gate } = await shop.untilAtRest(productId);
    assert.deepEqual({ sold, available, gate }, { sold: 2, available: 1, gate: 1 });
    await stop();

    await (await start(later))();
    const refused = runCommand(home, ["start"], settings, present);
    assert.equal(await refused.ended, 1, refused.output);
    assert.match(refused.output, /the schema desk is at version \d+, .*: a later program has been here/);
  });
});
