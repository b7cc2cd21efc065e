/** Opens the gate: on Redis if the settings name one, else in this process's own memory. */
import type { RedisEngine } from "#engines/redis";
import type { Shop } from "#engines/shop";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { readMode } from "../agreement/mode.ts";
import type { Gate } from "./gate.ts";
import { openMemoryGate } from "./memory.ts";
import { createNonceStore } from "./redis/nonces.ts";

export type GateContext = { shop: Shop; sql: Sql; log: Log };

export async function openGate(redis: RedisEngine | undefined, { shop, sql, log }: GateContext): Promise<Gate> {
  if (!redis) return openMemoryGate();
  // Loaded only here, because it loads the client and the scripts.
  const { openRedisGate } = await import("./redis/redis.ts");
  // Under the load of a sale this process is late, not Redis: a shorter limit would refuse buyers whose units were
  // taken. A Redis that is down is noticed by its connection, and calls fail at once.
  const reserveTimeoutMs = redis.timeoutMs;
  // If the shop was switched to sync because Redis is broken, a process must still be able to start.
  const mayBeAway = (await readMode(sql)).mode !== "gatekeeper";
  return openRedisGate({ redis, shop, reserveTimeoutMs, mayBeAway, nonces: createNonceStore(sql), log });
}
