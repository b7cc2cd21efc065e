/**
 * Measures what open streams of orders cost: the CPU of the system and of its database, and how long `GET /time` takes
 * meanwhile. Each load is measured without streams and with them, in one run: at rest, while orders are placed that no
 * stream is about, and while orders are cancelled, which ends their streams.
 */
import { readdir, readFile } from "node:fs/promises";
import { type ClientRequest, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { call, openSystem, prepareProduct, tokenOf } from "./servers.ts";

export type StreamsOptions = { streams: number; seconds: number; perSecond: number };

type Placed = { orderId: string; token: string };

/** Of /proc, on every Linux that Node runs on. */
const ticksPerSecond = 100;
const placedAtOnce = 50;
const askEveryMs = 5;
/** Time for the orders to be settled and for the streams to be read once. */
const settleMs = 3_000;

export async function benchStreams({ streams, seconds, perSecond }: StreamsOptions): Promise<void> {
  const cancelled = seconds * perSecond;
  if (cancelled > streams) throw new Error(`${cancelled} orders are to be cancelled: open at least as many streams`);
  await using stack = new AsyncDisposableStack();
  // The sagas are left out: they would change the watched orders.
  const { port, pid } = await openSystem(stack, { LEAVE_OUT: "fulfilment" });
  const productId = await prepareProduct(port);
  let buyers = 0;
  async function place(): Promise<Placed> {
    buyers += 1;
    const token = tokenOf(`buyer-${buyers}`, "CUSTOMER");
    const { orderId } = await call(port, "POST", "/orders", { productId, quantity: 1 }, token);
    return { orderId: String(orderId), token };
  }
  async function cancelNext(): Promise<void> {
    const { orderId, token } = placed.shift() as Placed;
    await call(port, "POST", `/orders/${orderId}/cancel`, {}, token);
  }
  async function measure(name: string, act: () => Promise<unknown>): Promise<void> {
    const endsAt = performance.now() + seconds * 1000;
    const before = await cpuSecondsOf(pid);
    const [took] = await Promise.all([timesOf(port, endsAt), actUntil(endsAt, perSecond, act)]);
    const points = ((await cpuSecondsOf(pid)) - before) * (100 / seconds);
    const at = (share: number) => (took[Math.floor(took.length * share)] ?? Number.NaN).toFixed(1);
    console.log(`${name}: ${points.toFixed(1)} points; GET /time p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  }
  async function measureAll(name: string): Promise<void> {
    await measure(`${name}, at rest`, async () => undefined);
    await measure(`${name}, ${perSecond} orders/s placed`, place);
    await measure(`${name}, ${perSecond} orders/s cancelled`, cancelNext);
  }

  console.log(`${streams} orders are placed; then ${seconds} s a line; 100 points are one core`);
  const placed: Placed[] = [];
  // Those that are cancelled before the streams are opened come first.
  while (placed.length < cancelled + streams) {
    placed.push(...(await Promise.all(Array.from({ length: placedAtOnce }, place))));
  }
  await sleep(settleMs);
  await measureAll("no stream");
  const open: ClientRequest[] = [];
  stack.defer(() => {
    for (const request of open) request.destroy();
  });
  for (const order of placed.slice(0, streams)) open.push(await follow(port, order));
  await sleep(settleMs);
  await measureAll(`${streams} streams`);
}

/** Resolves when the stream is open. */
function follow(port: number, { orderId, token }: Placed): Promise<ClientRequest> {
  const path = `/orders/${orderId}/events`;
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, headers: { authorization: `Bearer ${token}` } });
    request.on("error", reject);
    request.on("response", (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(request);
      else reject(new Error(`${path} answered ${response.statusCode}`));
    });
  });
}

async function actUntil(endsAt: number, perSecond: number, act: () => Promise<unknown>): Promise<void> {
  const everyMs = 100;
  while (performance.now() < endsAt) {
    await Promise.all([sleep(everyMs), ...Array.from({ length: perSecond / (1000 / everyMs) }, act)]);
  }
}

/** How long each request took, ascending. */
async function timesOf(port: number, endsAt: number): Promise<number[]> {
  const took: number[] = [];
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    await (await fetch(`http://127.0.0.1:${port}/time`)).arrayBuffer();
    took.push(performance.now() - startedAt);
    await sleep(askEveryMs);
  }
  return took.toSorted((a, b) => a - b);
}

/** Of the process and of all that it started, also of their children that have ended. */
async function cpuSecondsOf(root: number): Promise<number> {
  const stats = await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(statOf));
  const family = new Set([root]);
  const byPid = stats.filter((stat) => stat !== undefined).toSorted((a, b) => a.pid - b.pid);
  for (const { pid, parent } of byPid) if (family.has(parent)) family.add(pid);
  return byPid.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks / ticksPerSecond, 0);
}

/** undefined: it ended meanwhile. The fields are those of proc_pid_stat(5). */
async function statOf(pid: string): Promise<{ pid: number; parent: number; ticks: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name before the bracket may have blanks in it.
  const fields = text
    ?.slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  if (!fields) return undefined;
  const [, parent = 0] = fields;
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + (fields[i] ?? 0), 0);
  return { pid: Number(pid), parent, ticks };
}
