/** What every benchmark is given, and what most of them begin with. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runWrk, type WrkResult } from "./generators/wrk.ts";
import { type Cpu, untilQuiet } from "./processes.ts";
import { type Engines, openBare, openSystem, prepareProduct, type Started, type System, writeTokens } from "./stage.ts";

export type Bench = {
  on: Engines;
  pairs: number;
  seconds: number;
  /** Length of the first run, which is not counted: code is compiled in it, and connections are made. */
  warmUpSeconds: number;
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

/** The load of the warm-up. */
export function warmUp({ warmUpSeconds }: Bench, port: number, load: Load): Promise<WrkResult> {
  return runLoad(port, { ...load, seconds: warmUpSeconds });
}

export type Pair = { bare: WrkResult; system: WrkResult };
export type Pairs = {
  /** Of the bare server and of the system, before the first pair. */
  warmUp(): Promise<WrkResult>;
  /** `cpu`: microseconds that an order took of each component while the load ran. */
  run(): Promise<Pair[] & { accepted: number; cpu: Cpu }>;
};

/**
 * `after` runs after each turn of the system, also after the warm-up. Warm-up and pairs throw if an order was refused,
 * because a refusal costs less than an accept.
 */
export function pairsOf(
  bench: Bench,
  { bare, system, load }: { bare: Started; system: System; load: Load },
  after: (result: WrkResult) => Promise<void>,
): Pairs {
  async function bareTurn(name: string, run: () => Promise<WrkResult>): Promise<WrkResult> {
    bench.step(`${name}: bare server`);
    await untilQuiet(system);
    const result = await run();
    bench.says(`${Math.round(result.perSecond)}/s`);
    return result;
  }

  async function systemTurn(name: string, run: () => Promise<WrkResult>): Promise<WrkResult> {
    bench.step(`${name}: system`);
    const result = await run();
    bench.says(`${Math.round(result.perSecond)}/s, p99 ${result.p99Ms} ms`);
    if (result.refused > 0) throw new Error(`${result.refused} orders were refused: this is no run of accepts`);
    await after(result);
    return result;
  }

  return {
    async warmUp() {
      await bareTurn("warm-up", () => warmUp(bench, bare.port, load));
      return systemTurn("warm-up", () => warmUp(bench, system.port, load));
    },
    run,
  };

  async function run(): Promise<Pair[] & { accepted: number; cpu: Cpu }> {
    const cpu: Record<string, number> = {};
    const turns = {
      bare: (name: string) => bareTurn(name, () => runLoad(bare.port, load)),
      system: (name: string) =>
        systemTurn(name, async () => {
          const before = await system.cpu();
          const result = await runLoad(system.port, load);
          for (const [component, seconds] of Object.entries(await system.cpu())) {
            cpu[component] = (cpu[component] ?? 0) + seconds - (before[component] ?? 0);
          }
          return result;
        }),
    };
    const pairs: Pair[] = [];
    for (let pair = 1; pair <= bench.pairs; pair += 1) {
      const name = `pair ${pair} of ${bench.pairs}`;
      if (pair % 2 === 1) pairs.push({ bare: await turns.bare(name), system: await turns.system(name) });
      else {
        const first = await turns.system(name);
        pairs.push({ system: first, bare: await turns.bare(name) });
      }
    }
    const accepted = pairs.reduce((sum, pair) => sum + pair.system.accepted, 0);
    const perOrder = Object.entries(cpu).map(([component, seconds]) => [component, (seconds / accepted) * 1e6]);
    return Object.assign(pairs, { accepted, cpu: Object.fromEntries(perOrder) as Cpu });
  }
}
