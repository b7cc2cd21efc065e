/** Starts a Redis for the tests: on a free port, in a folder of its own, with the guide's persistence. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { createRedisEngine, type NonceStore, type RedisAddress } from "#engines/redis";
import { createLog } from "#platform/log";
import { findProgram } from "../../../../test/servers/cache.ts";
import { freePort } from "../../../../test/support/free-port.ts";
import { testShop } from "../../../../test/support/shop-identity.ts";
import { until } from "../../../../test/support/until.ts";
import type { Gate, GateImage, ReserveRequest } from "../gate.ts";
import { imageOf } from "../image.testing.ts";
import { openRedisGate, type RedisGateOptions } from "./redis.ts";

const program = findProgram("redis-server");

/** For `describe`: why the tests are skipped. On a build machine they never are. */
export const skipWithoutRedis =
  program || process.env.CI === "true" ? false : 'no redis-server here: run "node scripts/provision.ts redis"';

export type TestRedis = {
  host: string;
  port: number;
  password: string;
  folder: string;
  /** Raw commands, not through the gate. */
  ask<T = unknown>(...command: string[]): Promise<T>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  close(): Promise<void>;
};

export async function startTestRedis(...settings: string[]): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-redis-"));
  const [host, port, password] = ["127.0.0.1", await freePort(), "a password of the tests"];
  const configuration = [
    ...[`bind ${host}`, `port ${port}`, `requirepass "${password}"`, `dir "${folder}"`, "set-proc-title no"],
    ...["appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction", ...settings],
  ];
  writeFileSync(join(folder, "redis.conf"), configuration.join("\n"));
  let child: ChildProcess | undefined;
  const killNow = () => child?.kill("SIGKILL");
  process.once("exit", killNow);

  async function ask<T>(...command: string[]): Promise<T> {
    const client = createClient({ password, socket: { host, port, reconnectStrategy: false }, RESP: 2 });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async function start(): Promise<void> {
    if (!program) throw new Error('no redis-server here: run "node scripts/provision.ts redis"');
    child = spawn(program, [join(folder, "redis.conf")], { stdio: "ignore" });
    await until(async () => (await ask("PING")) === "PONG", { withinMs: 60_000 });
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    const exited = child && once(child, "exit");
    child?.kill(signal);
    if (signal === "SIGKILL" || signal === "SIGTERM") await exited;
  }

  await start();
  return {
    host,
    port,
    password,
    folder,
    ask,
    kill,
    start,
    async close() {
      process.off("exit", killNow);
      if (child?.exitCode === null && child.signalCode === null) await kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The books' rows of the nonces, in memory. */
export function memoryNonces(): NonceStore & { reads: number; read(node?: string): Promise<string | null> } {
  const nonces = new Map<string, string>();
  return {
    reads: 0,
    async read(node = "") {
      this.reads += 1;
      return nonces.get(node) ?? null;
    },
    async replace(node, previous, next) {
      if ((nonces.get(node) ?? null) === previous) nonces.set(node, next);
      return nonces.get(node) ?? next;
    },
  };
}

export function openTestGate(
  { host, port, password }: Pick<TestRedis, "host" | "port" | "password">,
  nonces: NonceStore,
  change: Partial<RedisAddress & RedisGateOptions & { timeoutMs: number }> = {},
): Promise<Gate> {
  const log = createLog({ level: "silent" });
  const access = { host, port, password, timeoutMs: 2_000, clientName: "dropgate-test", log, ...change };
  // As long as in the product: a machine that pauses for a moment is no fault of Redis.
  const reserveTimeoutMs = access.timeoutMs;
  return openRedisGate({ shop: testShop, redis: createRedisEngine(access), nonces, log, reserveTimeoutMs, ...change });
}

export const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };

/** Closes and loads a product, as a rebuild does. */
export async function rebuilt(
  gate: Gate,
  productId: string,
  change: Partial<GateImage> = {},
): Promise<"open" | "stale"> {
  const closing = await gate.close(productId);
  return gate.install(imageOf(productId, { sellable: 10, offer, ...change }), closing);
}

let orders = 0;

export function requestOf(productId: string, change: Partial<ReserveRequest> = {}): ReserveRequest {
  orders += 1;
  const nowMs = Date.now();
  return {
    productId,
    orderId: `order-${process.pid}-${orders}`,
    userId: `buyer-${orders}`,
    quantity: 1,
    bodyHash: "",
    expectedTotalMinor: null,
    newIn: null,
    withdrawal: false,
    ignoresSale: false,
    nowMs,
    payByMs: nowMs + 60_000,
    ...change,
  };
}

/** "reserved", or the reason why not. */
export async function buy(gate: Gate, productId: string): Promise<string> {
  const [answer] = await gate.reserve([requestOf(productId)]);
  return answer?.kind === "refused" ? answer.reason : (answer?.kind ?? "nothing");
}

export async function unitsOf(gate: Gate, productId: string) {
  const [snapshot] = await gate.snapshot([productId]);
  return snapshot && { sellable: snapshot.sellable, pending: snapshot.pending };
}
