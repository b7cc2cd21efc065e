/** The refusals of a Redis that cannot hold the gate. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import { serverFrom } from "../../../engines/redis/server.ts";
import { refusalOf } from "./demands.ts";
import { memoryNonces, openTestGate, skipWithoutRedis, startTestRedis, type TestRedis } from "./redis.testing.ts";

const cli = "redis-cli -h redis -p 6379";

const good = {
  runId: "def",
  version: "7.0.15",
  replicationId: "abc",
  role: "master",
  loading: false,
  evictionPolicy: "noeviction",
  isCluster: false,
  usedBytes: 1,
  limitBytes: 0,
  evictedKeys: 0,
  hasAppendFile: true,
};

test("a server that cannot hold the gate is refused with what to do", () => {
  assert.equal(refusalOf(good, cli), undefined);
  assert.equal(refusalOf({ ...good, version: "8.2.1" }, cli), undefined);
  assert.match(refusalOf({ ...good, version: "6.2.14" }, cli) ?? "", /version 6\.2\.14.*install Redis 7\.0/);
  assert.match(
    refusalOf({ ...good, evictionPolicy: "allkeys-lru" }, cli) ?? "",
    /allkeys-lru.*-h redis -p 6379 config set .*noeviction/,
  );
  assert.match(refusalOf({ ...good, role: "slave" }, cli) ?? "", /replica.*REDIS_HOST/);
  assert.match(refusalOf(serverFrom("no such answer"), cli) ?? "", /version unknown/);
});

describe("opening the gate on Redis", { skip: skipWithoutRedis }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await startTestRedis();
  });
  after(() => redis?.close());

  test("B3: an evicting policy is refused, with the command that sets the right one", async () => {
    await redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    await assert.rejects(openTestGate(redis, memoryNonces()), /allkeys-lru.*config set maxmemory-policy noeviction/s);
    await redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
  });

  test("a wrong or missing password names its setting", async () => {
    await assert.rejects(openTestGate(redis, memoryNonces(), { password: "wrong" }), /REDIS_PASSWORD/);
    await assert.rejects(openTestGate(redis, memoryNonces(), { password: undefined }), /REDIS_PASSWORD/);
  });

  test("an address without an answer names its settings", async () => {
    await assert.rejects(openTestGate(redis, memoryNonces(), { port: 1 }), /127\.0\.0\.1:1.*REDIS_HOST and REDIS_PORT/);
  });

  test("a server that takes no more connections is not looked for at another address", async () => {
    const { host, port, password } = redis;
    const first = createClient({ password, socket: { host, port, reconnectStrategy: false } });
    first.on("error", () => {});
    await first.connect();
    await first.sendCommand(["CONFIG", "SET", "maxclients", "1"]);
    const refused = /answers, and refuses \(.*max number of clients.*raise its maxclients/;
    await assert.rejects(openTestGate(redis, memoryNonces()), refused);
    await first.sendCommand(["CONFIG", "SET", "maxclients", "1000"]);
    first.destroy();
  });

  test("a server that accepts the connection and is silent does so too", async () => {
    await redis.kill("SIGSTOP");
    await assert.rejects(openTestGate(redis, memoryNonces()), /REDIS_HOST and REDIS_PORT/);
    await redis.kill("SIGCONT");
  });
});
