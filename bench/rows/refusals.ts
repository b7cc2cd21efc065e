/** Refusals: a product that is sold out, and more orders than the system takes. */
import { type Bench, filesOf, readyFor, runLoad, warmUp } from "../bench.ts";
import { type Figure, figureOf } from "../figures.ts";
import { runVegeta } from "../generators/vegeta.ts";
import { untilQuiet } from "../processes.ts";
import { prepareProduct, readOrdered } from "../stage.ts";
import { balance } from "./accept.ts";

export async function soldOut(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, bare, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  const gone = await prepareProduct(system.port, 0);
  const none = { ...load, ...(await filesOf(system, [gone])) };
  const ratios: number[] = [];
  await warmUp(bench, system.port, none);
  const before = await system.counters();
  let refused = 0;
  for (let pair = 1; pair <= bench.pairs; pair += 1) {
    bench.step(`pair ${pair} of ${bench.pairs}`);
    const first = await runLoad(bare.port, none);
    const result = await runLoad(system.port, none);
    if (result.accepted > 0) throw new Error(`${result.accepted} orders of a sold-out product were accepted`);
    refused += result.refused;
    ratios.push(result.perSecond / first.perSecond);
    bench.says(`bare ${Math.round(first.perSecond)}/s, system ${Math.round(result.perSecond)}/s`);
  }
  if ((await readOrdered(system.port, [gone])) > 0) throw new Error("units of a sold-out product were ordered");
  const calls = ((await system.counters()).redisCalls - before.redisCalls) / refused;
  const figures = [figureOf("sold out ÷ bare", ratios, "ratio")];
  if (bench.on === "real") figures.push({ metric: "sold out, Redis calls", value: calls, unit: "a refusal" });
  return figures;
}

const factors = [1, 2, 4];

export async function overload(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  bench.step("warm-up and saturation");
  const warm = await warmUp(bench, system.port, load);
  const result = await runLoad(system.port, load);
  bench.says(`${Math.round(result.perSecond)}/s`);
  let accepted = warm.accepted + result.accepted;
  let cutOff = 2 * load.connections;
  let best = 0;
  const figures: Figure[] = [];
  for (const factor of factors) {
    await system.ask({ ask: "settle" });
    await untilQuiet(system);
    const perSecond = Math.round(result.perSecond * factor);
    bench.step(`${factor} ×: ${perSecond} orders per second`);
    const seconds = bench.seconds + 1;
    const open = await runVegeta({ port: system.port, perSecond, dropSeconds: 1, ...load, seconds });
    bench.says(`${Math.round(open.acceptedPerSecond)} accepted/s, ${JSON.stringify(open.answers)}`);
    accepted += open.accepted;
    // A request without an answer may be an order.
    cutOff += open.answers["0"] ?? 0;
    best = Math.max(best, open.acceptedPerSecond, result.perSecond);
    const says = open.keptRate ? `${perSecond} orders/s` : `the generator sent ${Math.round(open.sentPerSecond)}/s`;
    figures.push({
      metric: `overload ${factor} ×, goodput`,
      value: open.acceptedPerSecond,
      unit: "share of the best",
      says,
    });
    figures.push({ metric: `overload ${factor} ×, p99 of accepted`, value: open.p99Ms, unit: "ms", says });
  }
  await system.ask({ ask: "settle" });
  await balance(system, accepted, cutOff, load.productIds);
  return figures.map((figure) =>
    figure.metric.endsWith("goodput") ? { ...figure, value: figure.value / best } : figure,
  );
}
