/** Starts a Redis Cluster for the tests: three primaries, and a replica of the first. */

import { freePort } from "../../../../test/support/free-port.ts";
import { until } from "../../../../test/support/until.ts";
import { slotOf } from "../../../engines/redis/slots.ts";
import { startTestRedis, type TestRedis } from "./redis.testing.ts";

export type TestCluster = {
  primaries: readonly TestRedis[];
  replica: TestRedis;
  /** The settings of a process that uses it. */
  access: { host: string; port: number; password: string; cluster: true; seeds: { host: string; port: number }[] };
  /** The primary that has the key, as the slots were given out at first. */
  firstOwnerOf(key: string): TestRedis;
  idOf(node: TestRedis): Promise<string>;
  close(): Promise<void>;
};

const ranges = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

export async function startTestCluster(): Promise<TestCluster> {
  const start = async () =>
    startTestRedis(
      ...["cluster-enabled yes", "cluster-require-full-coverage no", `cluster-port ${await freePort()}`],
      // Tests promote the replica: a pause of the machine must not.
      ...["cluster-node-timeout 60000", "repl-diskless-sync-delay 0", 'masterauth "a password of the tests"'],
    );
  const [first, second, third, replica] = await Promise.all([start(), start(), start(), start()]);
  const primaries = [first, second, third];
  const all = [...primaries, replica];
  const nodesOf = (node: TestRedis) => node.ask<string>("CLUSTER", "NODES");
  const idOf = (node: TestRedis) => node.ask<string>("CLUSTER", "MYID");
  for (const [i, node] of primaries.entries()) {
    const [from, to] = ranges[i] ?? [];
    await node.ask("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    await node.ask("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
  }
  for (const node of all.slice(1)) {
    const [, bus = ""] = /@(\d+)/.exec(await nodesOf(node)) ?? [];
    await first.ask("CLUSTER", "MEET", node.host, String(node.port), bus);
  }
  const seesReplica = async (node: TestRedis) =>
    (await nodesOf(node)).split("\n").some((line) => /^\S+ \S+ (myself,)?slave /.test(line));
  const knowAll = (text: string) => ranges.every(([from, to]) => text.includes(` connected ${from}-${to}`));
  for (const node of all) await until(async () => knowAll(await nodesOf(node)), { withinMs: 60_000 });
  await replica.ask("CLUSTER", "REPLICATE", await idOf(first));
  await until(async () => /master_link_status:up/.test(await replica.ask<string>("INFO", "replication")), {
    withinMs: 60_000,
  });
  for (const node of all) await until(() => seesReplica(node), { withinMs: 60_000 });
  for (const node of all) await until(async () => /cluster_state:ok/.test(await node.ask("CLUSTER", "INFO")));

  const [{ host, port, password }, ...others] = primaries as [TestRedis, ...TestRedis[]];
  return {
    primaries,
    replica,
    access: { host, port, password, cluster: true, seeds: others.map((seed) => ({ host, port: seed.port })) },
    firstOwnerOf: (key) => primaries[ranges.findIndex(([, last]) => slotOf(key) <= last)] as TestRedis,
    idOf,
    async close() {
      for (const node of all) await node.close();
    },
  };
}
