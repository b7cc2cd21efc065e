import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./config.ts";
import { engineSettings, termsOf } from "./engines.ts";

const jwt = "a secret for tests that has more than 32 bytes";
function configOf(settings: Record<string, string>) {
  return readConfig({ JWT_SECRET: jwt, KAFKA_BOOTSTRAP: "kafka:9092", ...settings }, "/nonexistent/.env");
}

test("nodes of a Redis Cluster have the port of their own, or REDIS_PORT", () => {
  const config = configOf({ REDIS_CLUSTER: "true", REDIS_HOST: "a, b:7001,[::1]:7002,::1", REDIS_PORT: "7000" });
  const { host, port, cluster, seeds } = engineSettings(config).redis ?? {};
  assert.deepEqual(
    [{ host, port }, ...(seeds ?? [])],
    [
      { host: "a", port: 7000 },
      { host: "b", port: 7001 },
      { host: "::1", port: 7002 },
      { host: "::1", port: 7000 },
    ],
  );
  assert.equal(cluster, true);
});

test("a shop does not take a Redis Cluster for the one server on which its stock was", () => {
  const gateOf = (settings: Record<string, string>) => termsOf(configOf(settings)).find(({ name }) => name === "gate");
  assert.equal(gateOf({ REDIS_HOST: "a" })?.value, "Redis");
  assert.equal(gateOf({ REDIS_HOST: "a", REDIS_CLUSTER: "true" })?.value, "Redis Cluster");
});
