/** How soon orders are accepted again after the process of the system was killed under load, and what it costs at rest. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, readyFor, runLoad } from "../bench.ts";
import { type Figure, figureOf } from "../figures.ts";
import { untilQuiet, wakingsOf } from "../processes.ts";
import { call, readOrdered, tokenOf } from "../stage.ts";

const turns = 3;
const idleSeconds = 20;
/** V8 collects garbage while a process does little, and sessions of PostgreSQL report what they did up to 10 s later. */
const untilRestMs = 30_000;

export async function recovery(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, {});
  const seconds: number[] = [];
  const token = tokenOf("first-again", "CUSTOMER");
  const body = { productId: load.productIds[0], quantity: 1 };
  for (let turn = 1; turn <= turns; turn += 1) {
    bench.step(`kill ${turn} of ${turns}`);
    // Its requests are cut off by the kill, which wrk reports as errors of the sockets.
    const loaded = runLoad(system.port, load).catch(() => undefined);
    await sleep((bench.seconds * 1000) / 2);
    const killedAt = performance.now();
    await system.crash();
    while (!(await call(system.port, "POST", "/orders", body, token).catch(() => undefined))) await sleep(10);
    seconds.push((performance.now() - killedAt) / 1000);
    bench.says(`${seconds.at(-1)?.toFixed(1)} s`);
    await loaded;
  }
  await system.ask({ ask: "settle" });
  bench.says(`${await readOrdered(system.port, load.productIds)} orders in the books`);
  return [figureOf("recovery after kill -9", seconds, "s", "of the system's process, with its backlog")];
}

export async function idle(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system } = await readyFor(stack, bench, {});
  bench.step(`${idleSeconds} s at rest, after ${untilRestMs / 1000} s in which it comes to rest`);
  await untilQuiet(system);
  await sleep(untilRestMs);
  const read = () => Promise.all([system.cpu(), system.counters(), wakingsOf(system.pid)]);
  const [cpu, counters, wakings] = await read();
  await sleep(idleSeconds * 1000);
  const [cpuNow, countersNow, wakingsNow] = await read();
  const used = Object.entries(cpuNow).map(([name, seconds]) => ({ name, seconds: seconds - (cpu[name] ?? 0) }));
  const share = (seconds: number) => (seconds / idleSeconds) * 100;
  const perMinute = (from: number, to: number) => ((to - from) * 60) / idleSeconds;
  return [
    {
      metric: "idle, CPU of everything",
      value: share(used.reduce((sum, { seconds }) => sum + seconds, 0)),
      unit: "% of a core",
    },
    ...used.map(({ name, seconds }) => ({
      metric: `idle, CPU of ${name}`,
      value: share(seconds),
      unit: "% of a core",
    })),
    {
      metric: "idle, wakings of the system",
      value: (wakingsNow - wakings) / idleSeconds,
      unit: "a second",
      says: "of its main thread",
    },
    { metric: "idle, writes a minute", value: perMinute(counters.writes, countersNow.writes), unit: "transactions" },
    {
      metric: "idle, transactions a minute",
      value: perMinute(counters.transactions, countersNow.transactions),
      unit: "transactions",
    },
    {
      metric: "idle, requests to Kafka a minute",
      value: perMinute(counters.logRequests, countersNow.logRequests),
      unit: "requests",
    },
    {
      metric: "idle, commands of Redis a minute",
      value: perMinute(counters.redisCalls, countersNow.redisCalls),
      unit: "commands",
    },
  ];
}
