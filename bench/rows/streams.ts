/**
 * Measures what open streams of orders cost: the CPU of the system and of its database, and how long `GET /time` takes
 * meanwhile. Each load is measured without streams and with them, in one run: at rest, while orders are placed that no
 * stream is about, and while orders are cancelled, which ends their streams.
 */
import { type ClientRequest, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { type Figure, quantile } from "../figures.ts";
import type { Cpu } from "../processes.ts";
import { call, openSystem, prepareProduct, readOrdered, tokenOf } from "../stage.ts";

type Placed = { orderId: string; token: string };

const streams = 8_000;
const perSecond = 100;
const placedAtOnce = 50;
const askEveryMs = 5;
/** Time for the orders to be settled and for the streams to be read once. */
const settleMs = 3_000;

export async function benchStreams(bench: Bench): Promise<Figure[]> {
  const { seconds } = bench;
  const cancelled = seconds * perSecond;
  if (cancelled > streams) throw new Error(`${cancelled} orders are to be cancelled: choose fewer seconds`);
  await using stack = new AsyncDisposableStack();
  // The sagas are left out: they would change the watched orders.
  const { port, cpu, ask } = await openSystem(stack, { on: bench.on, leaveOut: ["fulfilment"] });
  const productId = await prepareProduct(port);
  let buyers = 0;
  let ended = 0;
  async function place(): Promise<Placed> {
    buyers += 1;
    const token = tokenOf(`buyer-${buyers}`, "CUSTOMER");
    const { orderId } = await call(port, "POST", "/orders", { productId, quantity: 1 }, token);
    return { orderId: String(orderId), token };
  }
  async function cancelNext(): Promise<void> {
    const { orderId, token } = placed.shift() as Placed;
    await call(port, "POST", `/orders/${orderId}/cancel`, {}, token);
    ended += 1;
  }
  /** Cores in use, by the system and its engines. */
  async function measure(name: string, act: () => Promise<unknown>): Promise<number> {
    bench.step(name);
    const endsAt = performance.now() + seconds * 1000;
    const before = sumOf(await cpu());
    const [took] = await Promise.all([timesOf(port, endsAt), actUntil(endsAt, perSecond, act)]);
    const cores = (sumOf(await cpu()) - before) / seconds;
    bench.says(`${(cores * 100).toFixed(1)} % of a core; GET /time p99 ${quantile(took, 0.99).toFixed(1)} ms`);
    return cores;
  }
  async function measureAll(name: string): Promise<number[]> {
    return [
      await measure(`${name}, at rest`, async () => undefined),
      await measure(`${name}, ${perSecond} orders/s placed`, place),
      await measure(`${name}, ${perSecond} orders/s cancelled`, cancelNext),
    ];
  }

  bench.step(`${streams} orders are placed`);
  const placed: Placed[] = [];
  // Those that are cancelled before the streams are opened come first.
  while (placed.length < cancelled + streams) {
    placed.push(...(await Promise.all(Array.from({ length: placedAtOnce }, place))));
  }
  await sleep(settleMs);
  const without = await measureAll("no stream");
  const open: ClientRequest[] = [];
  stack.defer(() => {
    for (const request of open) request.destroy();
  });
  for (const order of placed.slice(0, streams)) open.push(await follow(port, order));
  await sleep(settleMs);
  const beside = await measureAll(`${streams} streams`);
  const loads = ["at rest", `${perSecond} orders/s placed`, `${perSecond} orders/s cancelled`];
  await ask({ ask: "settle" });
  const ordered = await readOrdered(port, [productId]);
  if (ordered !== buyers - ended)
    throw new Error(`the books have ${ordered} orders of ${buyers}, of which ${ended} ended`);
  return loads.map((name, i) => ({
    metric: i === 1 ? "streams, share of a core" : `streams, share of a core, ${name}`,
    value: (beside[i] ?? Number.NaN) - (without[i] ?? Number.NaN),
    unit: "cores",
    says: `${streams} streams, ${name}`,
  }));
}

function sumOf(cpu: Cpu): number {
  return Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
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
