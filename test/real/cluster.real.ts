/** The whole system with its gate on a Redis Cluster: products of all nodes are sold, paid and agreed on. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestCluster, type TestCluster } from "../../src/inventory/gate/redis/cluster.testing.ts";
import type { PlacedOrder } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { payOrder } from "../support/pay.ts";
import { until } from "../support/until.ts";

describe("a shop on a Redis Cluster", { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let fleet: Fleet;
  before(async () => {
    cluster = await startTestCluster();
    const { host, password } = cluster.access;
    fleet = await openFleet({
      which: ["postgres"],
      settings: {
        REDIS_CLUSTER: "true",
        REDIS_HOST: cluster.primaries.map(({ port }) => `${host}:${port}`).join(","),
        REDIS_PASSWORD: password,
      },
    });
  });
  after(async () => {
    await fleet?.close();
    await cluster?.close();
  });

  /** A product whose keys the primary has, on sale with ten units. */
  async function productAt(node: number, name: string): Promise<string> {
    let i = 0;
    while (cluster.firstOwnerOf(`g:{${name}-${i}}`) !== cluster.primaries[node]) i += 1;
    return fleet.newProduct({ productId: `${name}-${i}`, stock: 10 });
  }

  async function buyAndPay(productId: string): Promise<void> {
    const buyer = fleet.as("ada");
    const placed = await eventually(async () => {
      const answer = await buyer.post<PlacedOrder>("/orders", { productId, quantity: 1 });
      return answer.status === 202 && answer.body;
    });
    await payOrder(buyer, placed.orderId, { cardNumber: "4242424242424242" });
    await fleet.untilStatus(buyer, placed.orderId, "CONFIRMED");
  }

  async function silentSeconds(): Promise<number> {
    const text = await (await fetch(`${fleet.origin}/actuator/prometheus`)).text();
    return Number(/^dropgate_redis_silent_seconds\{.*\} (.*)$/m.exec(text)?.[1]);
  }

  test("products of all nodes are sold and paid; a primary that dies closes its own alone and is told as silent, until its replica sells them", async () => {
    const lamps = [await productAt(0, "lamp"), await productAt(1, "lamp"), await productAt(2, "lamp")];
    for (const productId of lamps) await buyAndPay(productId);
    const [first, second] = lamps as [string, string];

    await cluster.primaries[0]?.kill("SIGKILL");
    const buyer = fleet.as("grace");
    await eventually(async () => (await buyer.post("/orders", { productId: first, quantity: 1 })).status === 503);
    await buyAndPay(second);
    // The others tell of themselves every two seconds, and the alert is for the one that does not.
    await until(async () => (await silentSeconds()) > 6, { withinMs: 60_000, everyMs: 500 });
    await cluster.replica.ask("CLUSTER", "FAILOVER", "TAKEOVER");
    // No command is given to the shop: it finds the closed product and loads it from the books.
    await buyAndPay(first);
    for (const [productId, left] of [
      [first, 8],
      [second, 8],
    ] as const) {
      assert.equal((await fleet.untilAtRest(productId)).available, left);
    }
    assert.equal((await fleet.reconcile()).status, "OK");
    await until(async () => (await silentSeconds()) < 6, { withinMs: 60_000, everyMs: 500 });
  });
});
