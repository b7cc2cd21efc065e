/** What changes with the size of a shop: the number of products, and of orders that are kept. */
import { type Bench, readyFor, runLoad } from "../bench.ts";
import { type Figure, figureOf } from "../figures.ts";
import { residentBytesOf } from "../processes.ts";
import { call, untilQuiet } from "../stage.ts";

const manyProducts = 1_000;
const sizes = [10_000, 30_000, 100_000, 300_000];

/** One product, on which every order contends, beside many. */
export async function hotProduct(bench: Bench): Promise<Figure[]> {
  const rates: Record<number, number[]> = { 1: [], [manyProducts]: [] };
  for (const products of [1, manyProducts]) {
    await using stack = new AsyncDisposableStack();
    bench.step(`${products} products are put on sale`);
    const { system, load } = await readyFor(stack, bench, { leaveOut: ["settlement", "fulfilment"], products });
    for (let turn = 0; turn <= bench.pairs; turn += 1) {
      const { perSecond } = await runLoad(system.port, load);
      await system.ask({ ask: "settle" });
      await untilQuiet(system);
      // The first is the warm-up.
      if (turn > 0) rates[products]?.push(perSecond);
      bench.says(`${Math.round(perSecond)}/s`);
    }
  }
  const ratios = (rates[1] ?? []).map((rate, i) => rate / (rates[manyProducts]?.[i] ?? Number.NaN));
  return [figureOf("one product ÷ many", ratios, "ratio", `${manyProducts} products`)];
}

/** Accept, settle, reconcile, start-up and memory, with more and more orders behind. */
export async function growth(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, { leaveOut: ["settlement", "fulfilment"] });
  const figures: Figure[] = [];
  let kept = 0;
  for (const size of sizes) {
    bench.step(`${size} orders`);
    while (kept < size) {
      kept += (await runLoad(system.port, { ...load, seconds: 1 })).accepted;
      await system.ask({ ask: "settle" });
    }
    await untilQuiet(system);
    const { perSecond, accepted } = await runLoad(system.port, load);
    const settleMs = await system.ask<number>({ ask: "settle" });
    kept += accepted;
    const reconcileMs = await timeOf(() => call(system.port, "GET", "/admin/reconcile"));
    const startMs = await timeOf(() => system.crash());
    const memory = await residentBytesOf(system.pid);
    const at = (what: string, value: number, unit: string): Figure => ({
      metric: `${what} with ${size} orders kept`,
      value,
      unit,
    });
    bench.says(`accept ${Math.round(perSecond)}/s, start ${Math.round(startMs)} ms`);
    figures.push(at("accept", perSecond, "orders/s"), at("settle", accepted / (settleMs / 1000), "orders/s"));
    figures.push(at("reconcile", reconcileMs, "ms"), at("start", startMs, "ms"));
    figures.push(at("memory", memory / 1e6, "MB"));
  }
  return figures;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}
