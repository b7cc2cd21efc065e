/** Settlement processes that join and leave while a sale runs: their partitions move, and every order ends once. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { sendCrowd } from "../crash/crowd.ts";
import { openRealStage, type RealStage } from "../crash/real-stage.ts";
import { watch } from "../crash/staff.ts";
import { askUntilAnswered, untilAtRest } from "../crash/trial.ts";
import { verdictOf } from "../drills/verdict.ts";
import { toldOf, type Wish } from "../laws/wish.ts";
import { createRandom } from "../simulation/random.ts";
import { tellOutput } from "../support/fleet.ts";
import { until } from "../support/until.ts";

const group = "order-processor-group";
const topic = "orders.reservations";
const limitPerCustomer = 2;

describe("settlement processes during a sale", { timeout: 300_000 }, () => {
  let stage: RealStage;
  before(async () => {
    stage = await openRealStage();
  });
  afterEach((context) => tellOutput(stage?.fleet, ["settlement", "settlement2"])(context));
  after(() => stage?.close());

  /** How many partitions of the topic of reservations each process has. */
  async function shares(): Promise<number[]> {
    const admin = new Admin({ clientId: "joining", bootstrapBrokers: [stage.fleet.servers.kafka.bootstrap] });
    try {
      const groups = await admin.describeGroups({ groups: [group] });
      const members = [...(groups.get(group)?.members.values() ?? [])];
      const counts = members.map(({ assignments }) => assignments?.get(topic)?.partitions.length ?? 0);
      return counts.toSorted((a, b) => a - b);
    } finally {
      await admin.close();
    }
  }

  const untilShared = (...wanted: number[]) =>
    until(async () => String(await shares()) === String(wanted), { withinMs: 60_000, everyMs: 100 });

  test("H1: a second one joins and takes its half, the first one leaves, and every order ends lawfully", async (t) => {
    const { fleet, useSql, readGate } = stage;
    const productId = await stage.newProduct(limitPerCustomer, 2_000);
    const begunMs = performance.now();
    let open = true;
    let lateWish: Wish;
    const watching = watch(stage.admin, [productId], () => open);
    const { next: random } = createRandom(20_261_127);
    const all = { count: 2_000, everyMs: 150, untilMs: Number.POSITIVE_INFINITY };
    const crowd = sendCrowd({ as: stage.as, productId, name: "joining", random, ...all });
    const accepted = () => crowd.wishes.filter((wish) => toldOf(wish) === "ok").length;
    async function untilMoreAccepted(says: string): Promise<void> {
      const before = accepted();
      await until(async () => accepted() >= before + 15, { everyMs: 50 });
      t.diagnostic(`${says}: ${accepted()} orders after ${Math.round(performance.now() - begunMs)} ms`);
    }
    try {
      await untilShared(8);
      await untilMoreAccepted("one settles");
      await fleet.join("settlement2", "settlement");
      await untilShared(4, 4);
      await untilMoreAccepted("two settle");
      assert.equal(await fleet.member("settlement").stop(), 0, "exit code");
      await untilShared(8);
      await untilMoreAccepted("the second one alone settles");
      crowd.close();
      await crowd.done;
      lateWish = (await askUntilAnswered(stage, productId, "late")).wish;
      assert.ok(await untilAtRest(stage, [productId]), "it does not come to rest");
    } finally {
      crowd.stop();
      open = false;
      await watching.done;
    }
    const products = [{ productId, limitPerCustomer }];
    const { samples } = watching;
    const { broken, evidence } = await verdictOf({ useSql, readGate, products, crowd, samples, lateWish });
    const tookMs = Math.round(performance.now() - begunMs);
    t.diagnostic(`${evidence.orders.length} orders, ${samples.length} reconciliations, at rest after ${tookMs} ms`);
    assert.deepEqual(broken, []);
    assert.equal(evidence.orders.length, accepted() + (toldOf(lateWish) === "ok" ? 1 : 0));
    await fleet.member("settlement").start();
  });

  test("O34: one with another JWT_SECRET does not join, and says what to do", async () => {
    const { fleet } = stage;
    const other = { JWT_SECRET: "another secret that has more than thirty-two bytes" };
    const says = /JWT_SECRET of this process is not that of process \d+ on .*: give all processes of the shop the same/;
    await assert.rejects(fleet.join("settlement3", "settlement", other), says);
  });

  test("O34: one that has its orders and stock in another database does not join", async () => {
    const { fleet } = stage;
    const url = new URL(fleet.servers.postgres.url);
    await stage.useSql((sql) => sql.query("create database apart"));
    url.pathname = "/apart";
    const apart = { ORDERS_DATABASE_URL: url.href, INVENTORY_DATABASE_URL: url.href };
    await assert.rejects(
      fleet.join("settlement4", "settlement", apart),
      /(ORDERS|INVENTORY)_DATABASE_URL of this process/,
    );
  });
});
