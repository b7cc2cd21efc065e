/** Starts what a benchmark measures, each in a process of its own, on fresh data: the system, its engines, the bare server. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createIdentity, type Role } from "#identity";
import { startFlags } from "../scripts/start-flags.ts";
import { startServers } from "../test/servers/servers.ts";
import { type Counters, createCounters } from "./counters.ts";
import { type Cpu, childOf, cpuOf } from "./processes.ts";

/** `embedded`: as on a fresh machine. `real`: Redis, Kafka, PostgreSQL and Temporal. */
export type Engines = "embedded" | "real";

export type System = {
  child: ChildProcess;
  port: number;
  pid: number;
  folder: string;
  /** The settings that name its servers; none on the embedded default. */
  servers: Readonly<Record<string, string>>;
  cpu(): Promise<Cpu>;
  counters(): Promise<Counters>;
  /** Asks the process of the system, which answers once it is done: see system.ts. */
  ask<Answer>(question: Question): Promise<Answer>;
  /** Ends it as a crash does, and starts it again on the same data, without `leaveOut`; resolves once it is ready. */
  crash(change?: { leaveOut: readonly string[] }): Promise<void>;
  /** The same, with an orderly end. */
  restart(change: { leaveOut: readonly string[] }): Promise<void>;
};

export type Question = {
  ask: "settle" | "counters" | "follow" | "held" | "url" | "profile" | "profiled" | "backends" | "stop";
};

const secret = "a secret for benchmarks, of more than 32 bytes";
const tokensLastMs = 6 * 3_600_000;
/** Enough for each run. */
export const plentyOfStock = 100_000_000;
const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: false });

/** `LEAVE_OUT` names the services that do not run. All ends when the stack is disposed. */
export async function openSystem(
  stack: AsyncDisposableStack,
  { on, leaveOut = [] }: { on: Engines; leaveOut?: readonly string[] },
): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), "dropgate-bench-"));
  await chmod(folder, 0o755); // PostgreSQL runs as another user if this process is root.
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const servers = on === "real" ? await startServers({ folder: join(folder, "servers") }) : undefined;
  if (servers) stack.defer(() => servers.stopAll());
  const env = {
    ...servers?.env,
    PORT: "0",
    DATA_DIR: join(folder, "data"),
    JWT_SECRET: secret,
    LEAVE_OUT: leaveOut.join(","),
    // One address sends everything here, and one person may buy often.
    RATE_LIMIT_PERSON: "0",
    // The pause of a bank says nothing about the shop.
    PAYMENT_SIMULATOR_DECIDES_MS: "0",
  };
  let started = await start("system.ts", env);
  stack.defer(() => stop(started.child));

  async function rootsOf(): Promise<Record<string, number>> {
    if (!servers) {
      const postgres = await childOf(started.pid, "postgres");
      return { system: started.pid, ...(postgres && { postgres }) };
    }
    const { redis, kafka, postgres, temporal } = servers;
    const pids = { redis: redis.pid, kafka: kafka.pid, postgres: postgres.pid, temporal: temporal.pid };
    const running = Object.entries(pids).filter((entry): entry is [string, number] => entry[1] !== undefined);
    return { system: started.pid, ...Object.fromEntries(running) };
  }
  const ask = <Answer>(question: Question) => askChild<Answer>(started.child, question);
  const counters = createCounters(() => ask({ ask: "counters" }), servers?.redis);
  stack.defer(() => counters.close());
  return {
    get child() {
      return started.child;
    },
    get port() {
      return started.port;
    },
    get pid() {
      return started.pid;
    },
    folder,
    servers: servers?.env ?? {},
    cpu: async () => cpuOf(await rootsOf()),
    counters: counters.read,
    ask,
    async crash(change) {
      if (change) env.LEAVE_OUT = change.leaveOut.join(",");
      const ended = new Promise((resolve) => started.child.once("exit", resolve));
      started.child.kill("SIGKILL");
      await ended;
      started = await start("system.ts", env);
    },
    async restart({ leaveOut }) {
      env.LEAVE_OUT = leaveOut.join(",");
      await stop(started.child);
      started = await start("system.ts", env);
    },
  };
}

/**
 * Orders per second of the naive way, on the engines of the system, in each of `turns` times of `seconds`: see
 * naive/naive.ts.
 */
export async function runNaive(
  system: System,
  load: { atOnce: number; turns: number; seconds: number; warmUpSeconds: number },
): Promise<number[]> {
  const { child } = await start("naive/naive.ts", {});
  try {
    const url = await system.ask<string>({ ask: "url" });
    const rates = new Promise<number[]>((resolve, reject) => {
      child.once("message", (answer) => resolve((answer as { rates: number[] }).rates));
      child.once("exit", (code) => reject(new Error(`the naive way ended with ${code}`)));
    });
    child.send({ ...load, url, temporal: system.servers.TEMPORAL_ADDRESS });
    return await rates;
  } finally {
    child.kill();
  }
}

/** LimitedCart's way on the real servers of the system: see naive/limited-cart.ts. */
export async function openLimitedCart(stack: AsyncDisposableStack, system: System) {
  const url = await system.ask<string>({ ask: "url" });
  const started = await start("naive/limited-cart.ts", { ...system.servers, NAIVE_DATABASE_URL: url });
  stack.defer(() => stop(started.child));
  return { ...started, begun: () => askChild<number>(started.child, { ask: "begun" }) };
}

export type Started = { child: ChildProcess; port: number; pid: number };

export async function openBare(stack: AsyncDisposableStack): Promise<Started> {
  const bare = await start("bare.ts", {});
  stack.defer(() => void bare.child.kill());
  return bare;
}

async function start(file: string, env: Record<string, string>): Promise<Started> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, { env: { ...process.env, ...env }, execArgv: [...startFlags] });
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { port: number }));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code} before it was ready`)));
  });
  return { child, port, pid: child.pid ?? 0 };
}

function askChild<Answer>(child: ChildProcess, question: Question | { ask: "begun" }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: { to?: string; answer?: Answer }) => {
      if (message.to !== question.ask) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message.answer as Answer);
    };
    const onExit = () => reject(new Error(`the system ended while it was asked to ${question.ask}`));
    child.on("message", onMessage);
    child.once("exit", onExit);
    child.send(question);
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.send({ ask: "stop" });
  });
}

export function tokenOf(user: string, role: Role): string {
  return identity.issue({ user, role, ttlMs: tokensLastMs });
}

/** Writes a token a line, for a load generator, and returns the path. */
export async function writeTokens(folder: string, buyers: number): Promise<string> {
  const path = join(folder, `tokens-${buyers}`);
  const lines = Array.from({ length: buyers }, (_, i) => tokenOf(`buyer-${i}`, "CUSTOMER"));
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

/** As an admin, unless the token of another caller is given. @throws for any refusal. */
export async function call(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  token = tokenOf("bench", "ADMIN"),
): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...json });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Puts a product on sale; resolves once the gate sells it. */
export async function prepareProduct(port: number, stock = plentyOfStock): Promise<string> {
  const productId = `bench-lamp-${randomBytes(4).toString("hex")}`;
  await call(port, "POST", "/products", { productId, name: "Lamp", price: 4900, currency: "EUR" });
  if (stock > 0) await call(port, "POST", `/inventory/${productId}/restock`, { quantity: stock, reason: "benchmark" });
  while ((await call(port, "GET", `/inventory/${productId}`)).gate !== stock) await sleep(50);
  return productId;
}

/** After a crash, reservations stay undecided until the sweeper looks after them: a warning that ends by itself. */
const warnedForMs = 60_000;

/** The units of these products that were ordered. @throws if gate and books disagree, or a unit was sold twice. */
export async function readOrdered(port: number, productIds: readonly string[]): Promise<number> {
  const giveUpAt = performance.now() + warnedForMs;
  let { status, products } = await call(port, "GET", "/admin/reconcile");
  while (status === "WARNING" && performance.now() < giveUpAt) {
    await sleep(500);
    ({ status, products } = await call(port, "GET", "/admin/reconcile"));
  }
  if (status !== "OK") throw new Error(`reconcile says ${status}: gate and books disagree`);
  const asked = new Set(productIds);
  let ordered = 0;
  for (const { productId, onHand, held, sold } of products as Product[]) {
    if (onHand < held) throw new Error(`${productId}: ${held} units are promised and ${onHand} are there`);
    if (asked.has(productId)) ordered += held + sold;
  }
  return ordered;
}

type Product = { productId: string; onHand: number; held: number; sold: number };
