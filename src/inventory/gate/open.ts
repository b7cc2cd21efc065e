/** Which gate: Redis where one is named, else this process's own memory. */
import type { Shop } from "#engines/shop";
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { readMode } from "../agreement/mode.ts";
import type { Gate } from "./gate.ts";
import { openMemoryGate } from "./memory.ts";
import { createNonceStore } from "./redis/nonces.ts";

export type RedisSettings = {
  host: string;
  port: number;
  username?: string | undefined;
  password?: string | undefined;
  /** Absent: not encrypted. `ca` is the text of a PEM file, absent where the CA is one that Node knows. */
  tls?: { ca?: string } | undefined;
  timeoutMs: number;
};

export type GateContext = {
  shop: Shop;
  sql: Sql;
  log: Log;
  /** Called for each connection to Redis, the first one included. */
  onServer(server: { id: string; address: string }): void;
};

/** The Redis client is only loaded where it is used. */
export async function openGate(redis: RedisSettings | undefined, context: GateContext): Promise<Gate> {
  if (!redis) return openMemoryGate();
  const { shop, sql, log, onServer } = context;
  const { openRedisGate } = await import("./redis/redis.ts");
  // In the rush of a sale it is this process that is late, not Redis: a shorter time-out would refuse buyers who had
  // their units. A Redis that is gone is known by its connection, and fails at once.
  const reserveTimeoutMs = redis.timeoutMs;
  // Where the switch was made because Redis is broken, a process must be able to start all the same.
  const mayBeAway = (await readMode(sql)).mode !== "gatekeeper";
  const nonces = createNonceStore(sql);
  const address = `${redis.host}:${redis.port}`;
  return openRedisGate({
    ...{ ...redis, shop, reserveTimeoutMs, mayBeAway, nonces, log },
    onServer: ({ runId }) => onServer({ id: runId, address }),
  });
}
