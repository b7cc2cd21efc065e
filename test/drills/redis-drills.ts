/** Redis comes back empty, with an older end of its file, or as a replica that was promoted. */
import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { loseRedisData } from "../servers/redis-data.ts";
import { startServers } from "../servers/servers.ts";
import { until } from "../support/until.ts";
import type { Drill } from "./drill.ts";

const runbook = "docs/guide/recovery.md#redis";

export const redisLost: Drill = {
  name: "redis-lost",
  title: "Redis comes back without its data",
  runbook,
  heldBy: "test/real/disaster.real.ts",
  async damage({ stage, say, damaged }) {
    const { redis } = stage.fleet.servers;
    await redis.kill();
    await loseRedisData(stage.fleet.folder);
    say("Redis is killed, and its append-only file and its snapshot are deleted");
    damaged();
    await redis.start();
    say("Redis runs again, empty; the processes rebuild the gate from the books by themselves");
  },
};

export const redisTailLost: Drill = {
  name: "redis-tail-lost",
  title: "Redis comes back with half of its append-only file",
  runbook,
  heldBy: "test/real/disaster.real.ts",
  async damage({ stage, say, damaged }) {
    const { redis } = stage.fleet.servers;
    await redis.kill();
    const folder = join(stage.fleet.folder, "redis", "appendonlydir");
    const name = (await readdir(folder)).find((file) => file.endsWith(".incr.aof"));
    const file = join(folder, String(name));
    await truncate(file, Math.floor((await stat(file)).size / 2));
    say("Redis is killed, and the second half of its append-only file is cut off");
    damaged();
    await redis.start();
    say("Redis runs again with old data, which no process uses; they rebuild the gate from the books by themselves");
  },
};

export const redisReplicaPromoted: Drill = {
  name: "redis-replica-promoted",
  title: "the Redis server is lost, and a replica that lacks its last writes is promoted",
  runbook,
  async damage({ stage, say, damaged, accepted }) {
    const { redis } = stage.fleet.servers;
    const folder = join(stage.fleet.folder, "redis-replica");
    const own = await startServers({ folder, which: ["redis"] });
    stage.closeLater(() => own.stopAll());
    const replica = own.redis;
    const ask = await connect({ ...replica });
    try {
      await ask(["CONFIG", "SET", "masterauth", redis.password, "requirepass", redis.password]);
      await ask(["REPLICAOF", redis.host, String(redis.port)]);
      await until(async () => /master_link_status:up/.test(await ask(["INFO", "replication"])), { withinMs: 60_000 });
      say("a replica follows the server");
      await ask(["REPLICAOF", "127.0.0.1", "1"]);
      const then = accepted();
      await until(() => accepted() >= then + 15, { withinMs: 60_000 });
      await redis.kill();
      say("the replica lost its connection, the server accepted 15 more orders or so, and is killed");
      damaged();
      await ask(["REPLICAOF", "NO", "ONE"]);
      stage.proxies.redis.leadTo(replica);
      stage.moved({ redisPort: replica.port });
      say("the replica is promoted, and the address of Redis leads to it");
    } finally {
      ask.close();
    }
  },
};

async function connect({ host, port, password }: { host: string; port: number; password: string }) {
  const client = createClient({ password, socket: { host, port }, RESP: 2 });
  client.on("error", () => {});
  await client.connect();
  const ask = (command: string[]) => client.sendCommand<string>(command);
  return Object.assign(ask, { close: () => client.destroy() });
}
