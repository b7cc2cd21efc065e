/** What every benchmark is given, and what most of them begin with. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runWrk, type WrkResult } from "./generators/wrk.ts";
import type { Cpu } from "./processes.ts";
import {
  type Engines,
  openBare,
  openSystem,
  prepareProduct,
  type Started,
  type System,
  untilQuiet,
  writeTokens,
} from "./stage.ts";

export type Bench = {
  on: Engines;
  pairs: number;
  seconds: number;
  connections: number;
  /** Goes on with the line of the step that runs. */
  says(text: string): void;
  /** Begins the line of a step. */
  step(text: string): void;
};

export type Load = {
  connections: number;
  seconds: number;
  productIds: readonly string[];
  products: string;
  tokens: string;
};

/** Enough buyers that none of them buys much more often than a person could. */
const buyers = 20_000;

/** The system with products on sale, a load for it, and the bare server. */
export async function readyFor(
  stack: AsyncDisposableStack,
  bench: Bench,
  options: { leaveOut?: readonly string[]; products?: number },
): Promise<{ system: System; bare: Started; load: Load }> {
  const { on, connections, seconds } = bench;
  const { leaveOut = [], products = 1 } = options;
  const bare = await openBare(stack);
  const system = await openSystem(stack, { on, leaveOut });
  const productIds: string[] = [];
  while (productIds.length < products) productIds.push(await prepareProduct(system.port));
  const load = { connections, seconds, productIds, ...(await filesOf(system, productIds)) };
  return { system, bare, load };
}

/** The files that the generators read: the products and the buyers of a run, a line each. */
export async function filesOf(system: System, productIds: readonly string[]) {
  const products = join(system.folder, `products-${randomBytes(4).toString("hex")}`);
  await writeFile(products, `${productIds.join("\n")}\n`);
  return { products, tokens: await writeTokens(system.folder, buyers) };
}

/** Orders for the seconds of the load. Keys are new in each run. */
export function runLoad(port: number, { connections, seconds, products, tokens }: Omit<Load, "productIds">) {
  return runWrk({ port, connections, seconds, products, tokens, run: randomBytes(4).toString("hex") });
}

export type Pair = { bare: WrkResult; system: WrkResult };

/**
 * A warm-up, then the pairs. `after` runs after each turn of the system, also after the warm-up. `cpu`: microseconds that
 * an order of the pairs took of each component while the load ran.
 * @throws if an order was refused: then this is no run of accepts.
 */
export async function runPairs(
  bench: Bench,
  { bare, system, load }: { bare: Started; system: System; load: Load },
  after: (result: WrkResult) => Promise<void>,
): Promise<Pair[] & { accepted: number; cpu: Cpu }> {
  let accepted = 0;
  let counted = 0;
  const cpu: Record<string, number> = {};
  const turns = {
    async bare(name: string) {
      bench.step(`${name}: bare server`);
      await untilQuiet(system);
      const result = await runLoad(bare.port, load);
      bench.says(`${Math.round(result.perSecond)}/s`);
      return result;
    },
    async system(name: string) {
      bench.step(`${name}: system`);
      const before = await system.cpu();
      const result = await runLoad(system.port, load);
      for (const [component, seconds] of name === "warm-up" ? [] : Object.entries(await system.cpu())) {
        cpu[component] = (cpu[component] ?? 0) + seconds - (before[component] ?? 0);
      }
      if (name !== "warm-up") counted += result.accepted;
      bench.says(`${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms`);
      if (result.refused > 0) throw new Error(`${result.refused} orders were refused: this is no run of accepts`);
      accepted += result.accepted;
      await after(result);
      return result;
    },
  };
  await turns.bare("warm-up");
  await turns.system("warm-up");
  const pairs: Pair[] = [];
  for (let pair = 1; pair <= bench.pairs; pair += 1) {
    const name = `pair ${pair} of ${bench.pairs}`;
    if (pair % 2 === 1) pairs.push({ bare: await turns.bare(name), system: await turns.system(name) });
    else {
      const first = await turns.system(name);
      pairs.push({ system: first, bare: await turns.bare(name) });
    }
  }
  const perOrder = Object.entries(cpu).map(([component, seconds]) => [component, (seconds / counted) * 1e6]);
  return Object.assign(pairs, { accepted, cpu: Object.fromEntries(perOrder) as Cpu });
}
