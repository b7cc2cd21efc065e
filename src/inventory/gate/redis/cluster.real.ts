/** The gate on a Redis Cluster: what a node loses, or hands over, closes the products there and no others. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import { slotOf } from "../../../engines/redis/slots.ts";
import { type GateClock, gateContract } from "../contract/gate.testing.ts";
import type { Gate } from "../gate.ts";
import { startTestCluster, type TestCluster } from "./cluster.testing.ts";
import {
  buy,
  memoryNonces,
  openTestGate,
  rebuilt,
  requestOf,
  skipWithoutRedis,
  startTestRedis,
  type TestRedis,
  unitsOf,
} from "./redis.testing.ts";

let shared: Promise<TestCluster> | undefined;
function clusterOfFile(): Promise<TestCluster> {
  shared ??= startTestCluster();
  return shared;
}
after(async () => (await shared)?.close());

async function openLosableGate(clock: GateClock) {
  const { access, primaries, firstOwnerOf } = await clusterOfFile();
  const gate = await openTestGate(access, memoryNonces(), { ...access, clock });
  // A node on which nothing was ever loaded does not know yet which products are absent.
  const unloaded = new Set(primaries);
  for (let i = 0; unloaded.size > 0; i += 1) {
    if (unloaded.delete(firstOwnerOf(`g:{first-${i}}`))) await rebuilt(gate, `first-${i}`);
  }
  const lose = async () => void (await Promise.all(primaries.map((node) => node.ask("SCRIPT", "FLUSH"))));
  return { ...gate, lose };
}

gateContract("a Redis Cluster", openLosableGate, { skip: skipWithoutRedis });

describe("the gate on a Redis Cluster", { skip: skipWithoutRedis }, () => {
  let cluster: TestCluster;
  let gate: Gate;
  let nonces = memoryNonces();
  const opened: Gate[] = [];
  let rounds = 0;
  /** A product on each primary, in the order of the primaries. */
  let products: [string, string, string];

  async function open(): Promise<Gate> {
    const one = await openTestGate(cluster.access, nonces, cluster.access);
    opened.push(one);
    return one;
  }

  /** A product whose keys the primary has. */
  function productAt(node: number): string {
    for (let i = 0; ; i += 1) {
      const productId = `lamp-${rounds}-${i}`;
      if (cluster.firstOwnerOf(`g:{${productId}}`) === cluster.primaries[node]) return productId;
    }
  }

  async function buyEach(): Promise<string[]> {
    const answers = await gate.reserve(products.map((productId) => requestOf(productId)));
    return answers.map((answer) => (answer.kind === "refused" ? answer.reason : answer.kind));
  }

  before(async () => {
    cluster = await clusterOfFile();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.shutdown();
  });
  async function stage(): Promise<void> {
    rounds += 1;
    nonces = memoryNonces();
    gate = await open();
    products = [productAt(0), productAt(1), productAt(2)];
    for (const productId of products) assert.equal(await rebuilt(gate, productId), "open");
  }

  test("one call sells products of all nodes, and each node has its own product's keys alone", async () => {
    await stage();
    assert.deepEqual(await buyEach(), ["reserved", "reserved", "reserved"]);
    for (const [i, node] of cluster.primaries.entries()) {
      const has = await Promise.all(products.map((productId) => hasKey(node, `g:{${productId}}`)));
      assert.deepEqual(has, [i === 0, i === 1, i === 2]);
    }
    const found = await gate.recordsBefore(Date.now() + 1_000, 1_000);
    const ofProducts = found.filter(({ productId }) => products.includes(productId));
    assert.deepEqual(new Set(ofProducts.map(({ productId }) => productId)), new Set(products));
    assert.equal(await gate.probe(), "ready");
  });

  test("a node that lost its memory closes its own products until they are rebuilt", async () => {
    await stage();
    await cluster.primaries[1]?.ask("SCRIPT", "FLUSH");
    assert.deepEqual(await buyEach(), ["reserved", "closed", "reserved"]);
    assert.deepEqual(
      (await gate.snapshot(products)).map(({ productId }) => productId),
      [products[0], products[2]],
    );
    assert.equal(await rebuilt(gate, products[1], { epoch: 2 }), "open");
    assert.deepEqual(await buyEach(), ["reserved", "reserved", "reserved"]);
  });

  test("a process that joins serves what the others serve", async () => {
    await stage();
    const second = await open();
    for (const productId of products) {
      await until(async () => (await buy(second, productId)) === "reserved");
      assert.deepEqual(await unitsOf(gate, productId), await unitsOf(second, productId));
    }
  });

  test("a slot on its way to another node is found there, closed, and sells there after a rebuild", async () => {
    await stage();
    const [from, to] = cluster.primaries as [TestRedis, TestRedis];
    const [lamp] = products;
    const slot = String(slotOf(lamp));
    const [taken] = await gate.reserve([requestOf(lamp)]);
    assert.ok(taken?.kind === "reserved");
    const [fromId, toId] = [await cluster.idOf(from), await cluster.idOf(to)];
    await to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
    await from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
    const keys = await from.ask<string[]>("CLUSTER", "GETKEYSINSLOT", slot, "1000");
    await from.ask(...["MIGRATE", to.host, String(to.port), "", "0", "10000", "AUTH", to.password, "KEYS"], ...keys);
    // ASK: the data came from another memory, so they serve nothing and can be read.
    assert.equal(await buy(gate, lamp), "closed");
    assert.deepEqual(
      (await gate.records(lamp)).map(({ orderId }) => orderId),
      [taken.reservation.orderId],
    );
    assert.equal(await rebuilt(gate, lamp, { epoch: 2, sellable: 9 }), "open");
    assert.equal(await buy(gate, lamp), "reserved");
    for (const node of [to, from]) await node.ask("CLUSTER", "SETSLOT", slot, "NODE", toId);
    // MOVED: nothing was lost on the way. A node that took a slot over gets a new connection, which is closed at first.
    await until(async () => (await buy(gate, lamp)) === "reserved");
    assert.deepEqual(await unitsOf(gate, lamp), { sellable: 7, pending: 2 });
    assert.equal(await hasKey(to, `g:{${lamp}}`), true);
  });

  test("another shop, and a process that takes the cluster for one server, are refused", async () => {
    await stage();
    const otherShop = { id: "5b1d0e9a-0000-4000-8000-000000000002", name: "", database: "elsewhere" };
    await assert.rejects(openTestGate(cluster.access, nonces, { ...cluster.access, shop: otherShop }), /another shop/);
    const alone = { ...cluster.access, cluster: false };
    await assert.rejects(openTestGate(alone, nonces, alone), /a cluster's node: set REDIS_CLUSTER=true/);
    const single = await startTestRedis();
    try {
      const asCluster = { host: single.host, port: single.port, cluster: true };
      await assert.rejects(openTestGate(single, nonces, asCluster), /in no cluster: leave REDIS_CLUSTER out/);
    } finally {
      await single.close();
    }
  });

  // Last: it takes the first primary away.
  test("B3: a primary that dies closes its products; promoted, its replica sells them after a rebuild", async () => {
    await stage();
    const [primary] = cluster.primaries as [TestRedis];
    assert.deepEqual(await buyEach(), ["reserved", "reserved", "reserved"]);
    await until(async () =>
      (await cluster.replica.ask<string>("INFO", "replication")).includes("master_link_status:up"),
    );
    await primary.kill("SIGKILL");
    await until(async () => (await buyEach().catch(() => [])).join() === "closed,reserved,reserved");
    assert.equal(await gate.probe(), "ready");
    await assert.rejects(rebuilt(gate, products[0], { epoch: 2 }));
    await cluster.replica.ask("CLUSTER", "FAILOVER", "TAKEOVER");
    await until(async () => (await rebuilt(gate, products[0], { epoch: 2 }).catch(() => "")) === "open", {
      withinMs: 30_000,
    });
    assert.deepEqual(await buyEach(), ["reserved", "reserved", "reserved"]);
    // The old primary comes back as a replica, and nothing is sold there.
    await primary.start();
    await until(async () => (await primary.ask<string>("INFO", "replication")).includes("role:slave"), {
      withinMs: 30_000,
    });
    assert.equal(await buy(gate, products[0]), "reserved");
    assert.equal(await buy(await open(), products[1]), "reserved");
  });
});

async function hasKey(node: TestRedis, key: string): Promise<boolean> {
  const scanned = await node.ask<[string, string[]]>(
    "SCAN",
    "0",
    "MATCH",
    key.replaceAll(/[[\]]/g, "?"),
    "COUNT",
    "100000",
  );
  return scanned[1].includes(key);
}
