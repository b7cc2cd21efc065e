/**
 * How many orders per second are accepted durably, beside the bare server, in one run: A-B-B-A, the same generator and
 * the same bytes. Every order has a key of its own, and 20,000 buyers take turns.
 *
 * Burst: settlement waits, and its backlog is settled before the bare server runs again, which gives the rate of
 * settlement. Sustained: settlement runs beside; the time until the backlog is settled counts.
 */
import { type Bench, pairsOf, readyFor } from "../bench.ts";
import type { Counters } from "../counters.ts";
import { type Figure, figureOf } from "../figures.ts";
import type { Cpu } from "../processes.ts";
import { readOrdered, type System } from "../stage.ts";

export async function acceptBurst(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load, bare } = await readyFor(stack, bench, { leaveOut: ["settlement", "fulfilment"] });
  const settledPerSecond: number[] = [];
  const turns = pairsOf(bench, { bare, system, load }, async ({ accepted }) => {
    const tookMs = await system.ask<number>({ ask: "settle" });
    settledPerSecond.push(accepted / (tookMs / 1000));
    bench.says(`settled in ${(tookMs / 1000).toFixed(1)} s`);
  });
  const cold = await turns.warmUp();
  const cost = await costOf(system);
  const pairs = await turns.run();
  const ratios = pairs.map(({ bare, system }) => system.perSecond / bare.perSecond);
  await balance(system, cold.accepted + pairs.accepted, load.connections * (pairs.length + 1), load.productIds);
  return [
    figureOf("accept, burst ÷ bare", ratios, "ratio", `${load.connections} connections`),
    figureOf(
      "accept, burst",
      pairs.map((pair) => pair.system.perSecond),
      "orders/s",
    ),
    coldFigure(bench, "accept, burst, just started", cold.perSecond),
    figureOf(
      "accept, p99 at saturation",
      pairs.map((pair) => pair.system.p99Ms),
      "ms",
    ),
    ...cpuFigures(pairs.cpu),
    ...(await cost(pairs.accepted, "accept and settle")),
    figureOf("settled", settledPerSecond.slice(1), "orders/s", "alone, after a burst"),
  ];
}

export async function acceptSustained(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load, bare } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  const sustained: number[] = [];
  const turns = pairsOf(bench, { bare, system, load }, async ({ accepted, perSecond }) => {
    const drainMs = await system.ask<number>({ ask: "settle" });
    sustained.push(accepted / (accepted / perSecond + drainMs / 1000));
    bench.says(`drained in ${(drainMs / 1000).toFixed(1)} s`);
  });
  const cold = await turns.warmUp();
  const cost = await costOf(system);
  const pairs = await turns.run();
  // The warm-up is the first.
  const rates = sustained.slice(1);
  await balance(system, cold.accepted + pairs.accepted, load.connections * (pairs.length + 1), load.productIds);
  return [
    figureOf(
      "accept, sustained ÷ bare",
      rates.map((rate, i) => rate / (pairs[i]?.bare.perSecond ?? Number.NaN)),
      "ratio",
    ),
    figureOf("accept, sustained", rates, "orders/s", "until the last one is settled"),
    coldFigure(bench, "accept, sustained, just started", sustained[0] ?? Number.NaN),
    ...(await cost(pairs.accepted, "accept and settle, sustained")),
  ];
}

function coldFigure({ warmUpSeconds }: Bench, metric: string, value: number): Figure {
  return { metric, value, unit: "orders/s", says: `in the warm-up, the first ${warmUpSeconds} s of load` };
}

const componentNames: Record<string, string> = { system: "the process", redis: "Redis" };

function cpuFigures(cpu: Cpu): Figure[] {
  return Object.entries(cpu).map(([component, value]) => ({
    metric: `accept, CPU of ${componentNames[component] ?? component}`,
    value,
    unit: "µs an order",
    says: "at saturation",
  }));
}

const counted: Partial<Record<keyof Counters, string>> = {
  writes: "writing transactions",
  logAppends: "log appends",
  logRequests: "requests to Kafka",
  redisCalls: "Redis calls",
};

/** Call it before the load; the answer, called after it, tells what an order cost each component. */
export async function costOf(system: System): Promise<(orders: number, what: string) => Promise<Figure[]>> {
  const [cpu, counters] = await Promise.all([system.cpu(), system.counters()]);
  return async (orders, what) => {
    const [cpuNow, countersNow] = await Promise.all([system.cpu(), system.counters()]);
    const figures: Figure[] = Object.entries(cpuNow).map(([name, seconds]) => ({
      metric: `${what}, CPU of ${name}`,
      value: ((seconds - (cpu[name] ?? 0)) / orders) * 1e6,
      unit: "µs an order",
    }));
    for (const [name, says] of Object.entries(counted) as [keyof Counters, string][]) {
      const count = countersNow[name] - counters[name];
      if (count > 0) figures.push({ metric: `${what}, ${says}`, value: count / orders, unit: "an order" });
    }
    return figures;
  };
}

/**
 * Requests under way when the generator stopped became orders too, but it did not count their answers.
 * @throws if an accepted order is not in the books, or gate and books disagree.
 */
export async function balance(
  { port }: System,
  accepted: number,
  cutOff: number,
  productIds: readonly string[],
): Promise<void> {
  const kept = await readOrdered(port, productIds);
  const uncounted = kept - accepted;
  if (uncounted < 0 || uncounted > cutOff) {
    throw new Error(`the books have ${kept} orders, but ${accepted} were accepted and at most ${cutOff} cut off`);
  }
}
