/** The guide's disaster recovery on real servers whose data is lost, old, or cut off. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { binFolder } from "../servers/cache.ts";
import type { Order, Reconciliation } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { payOrder } from "../support/pay.ts";
import {
  accepted,
  allBuy,
  assertAccountsFor,
  keepBuying,
  type OrderAnswer,
  tally,
  untilMoreAccepted,
} from "../support/shoppers.ts";
import { until } from "../support/until.ts";

const goodCard = { cardNumber: "4242424242424242" };
const cli = fileURLToPath(new URL("../../src/cli/cli.ts", import.meta.url));
const guide = new URL("../../docs/guide/deployment.md", import.meta.url);
const whileLost = ["price_not_available", "outcome_pending", "order_failed"];

describe("disaster recovery on real servers", { timeout: 900_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet();
  });
  afterEach((context) => tellOutput(fleet, ["all"])(context));
  after(() => fleet?.close());

  describe("Redis lost its data", () => {
    /** Under load; afterwards every promise is kept, every unit is accounted for, and orders go on. */
    async function survives(disaster: () => Promise<void>): Promise<string> {
      const productId = await fleet.newProduct({ stock: 20_000 });
      const early = await allBuy(fleet, productId, 10);
      const [first] = early as [OrderAnswer];
      await fleet.untilStatus(first.buyer, first.body.orderId, "PAYMENT_PENDING");
      const buying = keepBuying(fleet, productId, 8);
      await untilMoreAccepted(buying.soFar, 50);
      await disaster();
      await untilMoreAccepted(buying.soFar, 50);
      const answers = [...early, ...(await buying.stop())];
      const others = Object.keys(tally(answers)).filter((code) => code !== "accepted" && !whileLost.includes(code));
      assert.deepEqual(others, [], JSON.stringify(tally(answers)));
      assert.equal((await payOrder(first.buyer, first.body.orderId, goodCard)).status, 202);
      await fleet.untilStatus(first.buyer, first.body.orderId, "CONFIRMED");
      const { held, sold, available } = await assertAccountsFor(fleet, productId, answers);
      assert.equal(held + sold + available, 20_000);
      await eventually(async () => (await fleet.reconcile()).status === "OK");
      return JSON.stringify(tally(answers));
    }

    const redis = () => fleet.servers.redis;
    const data = () => join(fleet.folder, "redis");
    const redisCli = async (...command: string[]) => {
      const { port, password } = redis();
      const env = { ...process.env, REDISCLI_AUTH: password };
      return (await promisify(execFile)("redis-cli", ["-p", String(port), ...command], { env })).stdout.trim();
    };

    test("B3: FLUSHALL, the gate is loaded again from the books", async (t) => {
      t.diagnostic(await survives(async () => assert.equal(await redisCli("FLUSHALL"), "OK")));
    });

    test("B3: FLUSHALL without orders is detected too", async () => {
      const productId = await fleet.newProduct({ stock: 7 });
      await redisCli("FLUSHALL");
      assert.equal((await fleet.untilAtRest(productId)).gate, 7);
    });

    test("B3: after a restored old copy of its disk no unit is sold twice", async (t) => {
      const copy = join(fleet.folder, "redis-copy");
      t.diagnostic(
        await survives(async () => {
          await redisCli("SAVE");
          await redis().stop();
          await cp(data(), copy, { recursive: true });
          await redis().start();
          const later = await fleet.newProduct({ stock: 30 });
          // At first its gate may refuse some of them.
          const sold: OrderAnswer[] = [];
          await eventually(async () => {
            sold.push(...(await allBuy(fleet, later, 20 - accepted(sold).length)));
            return accepted(sold).length === 20;
          });
          await redis().kill();
          for (const name of ["appendonlydir", "dump.rdb"]) {
            await rm(join(data(), name), { recursive: true, force: true });
            await cp(join(copy, name), join(data(), name), { recursive: true });
          }
          await redis().start();
          const { held, available, gate } = await assertAccountsFor(fleet, later, sold);
          assert.deepEqual({ available, gate }, { available: 30 - held, gate: 30 - held });
        }),
      );
    });

    test("B3: after a cut end of its append-only file the books have the forgotten changes", async (t) => {
      t.diagnostic(
        await survives(async () => {
          await redis().kill();
          const folder = join(data(), "appendonlydir");
          const file = (await readdir(folder)).find((name) => name.endsWith(".incr.aof")) ?? assert.fail();
          const { size } = await stat(join(folder, file));
          await truncate(join(folder, file), Math.floor(size / 2));
          await redis().start();
        }),
      );
    });
  });

  describe("the database was restored from a backup", () => {
    let backedUpAt = "";
    /** The chapter's own commands, with this fleet's addresses; `says` matches the one to run. */
    async function inTheGuide(says: RegExp): Promise<{ code: number; stdout: string; stderr: string }> {
      const text = await readFile(guide, "utf8");
      const chapter = /^## Disaster recovery$(.*?)^## /ms.exec(text)?.[1] ?? assert.fail("no such chapter");
      const blocks = [...chapter.matchAll(/^ *```bash\n(.*?)^ *```$/gms)].map((match) => match[1] as string);
      const block = blocks.find((one) => says.test(one)) ?? assert.fail(`no command of the chapter says ${says}`);
      const script = block
        .replaceAll("npx dropgate", `"${process.execPath}" "${cli}"`)
        .replaceAll("http://localhost:8080", fleet.origin);
      const env = {
        ...fleet.environment,
        PORT: new URL(fleet.origin).port,
        ADMIN: fleet.token("admin", "ADMIN"),
        BACKED_UP_AT: backedUpAt,
        PATH: [binFolder, process.env.PATH].join(delimiter),
      };
      try {
        const said = await promisify(execFile)("bash", ["-euc", script], { cwd: fleet.folder, env });
        return { code: 0, ...said };
      } catch (error) {
        return error as { code: number; stdout: string; stderr: string };
      }
    }
    async function works(says: RegExp): Promise<string> {
      const { code, stdout, stderr } = await inTheGuide(says);
      assert.equal(code, 0, `${says}: ${stdout}${stderr}`);
      return stdout;
    }
    const lagOf = (described: string) => {
      const rows = described.split("\n").filter((line) => line.includes("orders.reservations"));
      return rows.reduce((sum, row) => sum + Number(row.split(/\s+/)[5]?.replace("-", "0")), 0);
    };
    const reportOf = (reconciliation: string, productId: string) =>
      (JSON.parse(reconciliation) as Reconciliation).products.find((product) => product.productId === productId);
    const statusOf = async ({ buyer, body }: OrderAnswer) => (await buyer.get<Order>(`/orders/${body.orderId}`)).body;

    test("the chapter, step by step: the log is decided again, reconcile names the mismatches, the rebuild repairs them", async () => {
      const productId = await fleet.newProduct({ stock: 60 });
      const early = await allBuy(fleet, productId, 10);
      await fleet.untilAtRest(productId);
      backedUpAt = new Date().toISOString();
      await works(/pg_dump/);

      // After the backup: in the same epoch, and in one that the backup does not know.
      const later = await allBuy(fleet, productId, 10);
      await fleet.untilAtRest(productId);
      assert.equal((await fleet.admin.post("/admin/sync-redis?mode=rebuild")).status, 200);
      const fenced = await allBuy(fleet, productId, 10);
      await fleet.untilAtRest(productId);
      assert.deepEqual(tally([...early, ...later, ...fenced]), { accepted: 30 });

      await fleet.member("all").stop();
      await works(/pg_restore/);
      await works(/--reset-offsets/);
      await fleet.member("all").start();
      await until(async () => lagOf(await works(/--describe/)) === 0, { withinMs: 60_000, everyMs: 500 });
      assert.equal((await allBuy(fleet, productId, 1))[0]?.body.code, "closed");

      const before = await inTheGuide(/^\s*npx dropgate reconcile\s*$/);
      assert.equal(before.code, 1, before.stdout);
      const mismatch = reportOf(before.stdout, productId);
      assert.equal(mismatch?.status, "CRITICAL", JSON.stringify(mismatch));
      assert.match(mismatch.explanation, /epoch/);

      const opened = await works(/admin.gatekeeper/);
      assert.match(opened, /"mode":"gatekeeper","ready":true/);
      const { held, sold, available, gate } = await fleet.untilAtRest(productId);
      assert.deepEqual({ held, sold, available, gate }, { held: 20, sold: 0, available: 40, gate: 40 });
      assert.match(await works(/dropgate payments/), /The books have every payment/);
      for (const answer of [...early, ...later]) {
        assert.match((await statusOf(answer)).status, /INVENTORY_RESERVED|PAYMENT_PENDING/);
      }
      for (const answer of fenced) {
        const { status, reason } = await statusOf(answer);
        assert.deepEqual({ status, reason }, { status: "FAILED", reason: "fenced" });
      }
      const [paying] = later as [OrderAnswer];
      assert.equal((await payOrder(paying.buyer, paying.body.orderId, goodCard)).status, 202);
      await fleet.untilStatus(paying.buyer, paying.body.orderId, "CONFIRMED");

      // The process hears within a second that the shop is open.
      await eventually(async () => tally(await allBuy(fleet, productId, 1)).accepted);
      const rest = await allBuy(fleet, productId, 49);
      assert.deepEqual(tally(rest), { accepted: 39, sold_out: 10 });
      const end = await fleet.untilAtRest(productId);
      assert.deepEqual([end.held + end.sold, end.available], [60, 0]);
      assert.equal((await fleet.reconcile()).status, "OK");
    });
  });
});
