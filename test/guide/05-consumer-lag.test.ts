import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { lagOf } from "#engines/log";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import type { Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { accepted, allBuy, assertAccountsFor, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

const group = "order-processor-group";
const topic = "orders.reservations";

describe("5. monitor consumer lag", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  afterEach(disarmCrashPoints);
  after(() => world.close());

  async function lag(): Promise<number> {
    const { log } = world.system.faces.engines;
    return lagOf(await log.endOffsets(topic), await log.committedOffsets(group, topic));
  }

  test(`${group} reads accepted orders, and its lag returns to 0`, async () => {
    const productId = await world.newProduct({ stock: 100 });
    const answers = await allBuy(world, productId, 100);
    assert.deepEqual(tally(answers), { accepted: 100 });
    await eventually(async () => (await lag()) === 0);
    const committed = await world.system.faces.engines.log.committedOffsets(group, topic);
    assert.ok(committed.size > 0, "the group has committed nothing");
    await assertAccountsFor(world, productId, answers);
  });

  test("while the consumer is paused orders are accepted and can be read; then it catches up", async () => {
    const productId = await world.newProduct({ stock: 50 });
    armCrashPoint("settle.before-commit", { kind: "error" });
    const answers = await allBuy(world, productId, 60);
    assert.deepEqual(tally(answers), { accepted: 50, sold_out: 10 });
    assert.ok((await lag()) > 0);
    const [first] = accepted(answers);
    const order = await first?.buyer.get<Order>(`/orders/${first.body.orderId}`);
    assert.equal(order?.body.status, "PENDING");
    const report = await world.reportOf(productId);
    assert.deepEqual([report.status, report.inFlight, report.gate], ["OK", 50, 0]);

    disarmCrashPoints();
    await eventually(async () => (await lag()) === 0);
    assert.equal((await assertAccountsFor(world, productId, answers)).held, 50);
  });

  test("H3: a batch that is handed over again after its commit changes nothing", async () => {
    const productId = await world.newProduct({ stock: 20 });
    armCrashPoint("settle.committed", { kind: "error" }, 1);
    const answers = await allBuy(world, productId, 20);
    await eventually(async () => (await lag()) === 0);
    assert.equal((await assertAccountsFor(world, productId, answers)).held, 20);
  });
});
