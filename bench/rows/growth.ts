/** What changes with the size of a shop: the number of orders that are kept, and of products. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, readyFor, runLoad, warmUp } from "../bench.ts";
import { type Figure, figureOf, quantile } from "../figures.ts";
import { openBuyers } from "../generators/buyers.ts";
import { addProducts, confirmAll, keepOrders } from "../kept.ts";
import { residentBytesOf, untilQuiet } from "../processes.ts";
import { call, readOrdered, type System, tokenOf } from "../stage.ts";
import { balance } from "./accept.ts";

const manyProducts = 1_000;
const orderSizes = [10_000, 100_000, 300_000, 1_000_000];
const productSizes = [1, 1_000, 5_000, 100_000];
const stockOfEach = 1_000;
/** Of one alone, most of the time for which the process is held is what other programs take of the machine. */
const reconciles = 5;

/** One product, on which every order contends, beside many. */
export async function hotProduct(bench: Bench): Promise<Figure[]> {
  const rates: Record<number, number[]> = { 1: [], [manyProducts]: [] };
  for (const products of [1, manyProducts]) {
    await using stack = new AsyncDisposableStack();
    bench.step(`${products} products are put on sale`);
    const { system, load } = await readyFor(stack, bench, { leaveOut: ["settlement", "fulfilment"], products });
    let accepted = 0;
    for (let turn = 0; turn <= bench.pairs; turn += 1) {
      // The first is the warm-up.
      const result = turn === 0 ? await warmUp(bench, system.port, load) : await runLoad(system.port, load);
      accepted += result.accepted;
      await system.ask({ ask: "settle" });
      await untilQuiet(system);
      if (turn > 0) rates[products]?.push(result.perSecond);
      bench.says(`${Math.round(result.perSecond)}/s`);
    }
    await balance(system, accepted, load.connections * (bench.pairs + 1), load.productIds);
  }
  const ratios = (rates[1] ?? []).map((rate, i) => rate / (rates[manyProducts]?.[i] ?? Number.NaN));
  return [figureOf("one product ÷ many", ratios, "ratio", `${manyProducts} products`)];
}

/** Accept, settle, confirm, reconcile, start and memory, with more and more orders behind that were confirmed before. */
export async function growth(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const idle = ["settlement", "fulfilment"];
  const { system, load } = await readyFor(stack, bench, { leaveOut: idle });
  const [productId = ""] = load.productIds;
  const url = await system.ask<string>({ ask: "url" });
  const figures: Figure[] = [];
  let kept = 0;
  for (const size of orderSizes) {
    bench.step(`${size.toLocaleString("en")} orders`);
    await keepOrders(url, { productId, after: kept, count: size - kept });
    kept = size;
    const at = (what: string, value: number, unit: string) => {
      figures.push({ metric: `${what} with ${size} orders kept`, value, unit });
      bench.says(`${what} ${value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`);
    };
    at("start", await timeOf(() => system.crash({ leaveOut: [] })), "ms");
    await untilOnSale(system, productId);
    const buyers = await openBuyers(stack, system, { productId, tokens: load.tokens });
    const buying = buyers.begin(256);
    await buying.rates(1, bench.warmUpSeconds);
    at("confirmed", median(await buying.rates(2, bench.seconds)), "orders/s");
    await buying.end();
    at("reconcile", await timeOf(() => reconcile(system)), "ms");
    at("stock of a product", await timeOf(() => call(system.port, "GET", `/inventory/${productId}`)), "ms");
    at("memory", (await residentBytesOf(system.pid)) / 1e6, "MB");
    await system.restart({ leaveOut: idle });
    await warmUp(bench, system.port, load);
    await system.ask({ ask: "settle" });
    const { perSecond, accepted } = await runLoad(system.port, load);
    at("accept", perSecond, "orders/s");
    at("settle", accepted / ((await system.ask<number>({ ask: "settle" })) / 1000), "orders/s");
    await confirmAll(url);
  }
  await readOrdered(system.port, [productId]);
  return [...figures, ...lossesOf(figures, "orders kept")];
}

/** Accept, start, reconcile and memory with more and more products, and whether a reconcile holds up an order. */
export async function products(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  const [productId = ""] = load.productIds;
  const url = await system.ask<string>({ ask: "url" });
  const figures: Figure[] = [];
  // With orders, so that at every size the gate is loaded behind orders: it then asks the books about each key.
  figures.push({ metric: "accept before any restart", value: await acceptsOnceWarm(), unit: "orders/s" });
  let known = 1;
  for (const size of productSizes) {
    bench.step(`${size.toLocaleString("en")} products`);
    if (size > known) await addProducts(url, known, size - known, stockOfEach);
    known = size;
    const at = (what: string, value: number, unit: string) => {
      figures.push({ metric: `${what} with ${size} products`, value, unit });
      bench.says(`${what} ${value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`);
    };
    at("start", await timeOf(() => system.crash()), "ms");
    await untilOnSale(system, productId);
    at("accept", await acceptsOnceWarm(), "orders/s");
    await untilQuiet(system);
    at("memory", (await residentBytesOf(system.pid)) / 1e6, "MB");
    at(
      "order alone",
      quantile(await timesOfOrders(system, productId, () => sleep(bench.seconds * 1000)), 0.99),
      "ms p99",
    );
    const took: number[] = [];
    const held: number[] = [];
    await system.ask({ ask: "held" });
    while (took.length < reconciles) {
      took.push(await timeOf(() => reconcile(system)));
      held.push(await system.ask<number>({ ask: "held" }));
    }
    at("reconcile", median(took), "ms");
    at("held by a reconcile", median(held), "ms");
    at(
      "order beside a reconcile",
      quantile(await timesOfOrders(system, productId, () => reconcile(system)), 0.99),
      "ms p99",
    );
  }
  await readOrdered(system.port, [productId]);
  return [...figures, ...lossesOf(figures, "products")];

  /** Accepts a second. Every order is settled at the end. */
  async function acceptsOnceWarm(): Promise<number> {
    await warmUp(bench, system.port, load);
    await system.ask({ ask: "settle" });
    const { perSecond } = await runLoad(system.port, load);
    await system.ask({ ask: "settle" });
    return perSecond;
  }
}

/** How much of the rate at the smallest size is lost at the largest. */
function lossesOf(figures: readonly Figure[], what: string): Figure[] {
  return ["accept", "settle", "confirmed"].flatMap((name) => {
    const rates = figures.filter(({ metric }) => metric.startsWith(`${name} with`)).map(({ value }) => value);
    const [first, last] = [rates[0], rates.at(-1)];
    if (first === undefined || last === undefined) return [];
    const says = "of the rate at the smallest size, at the largest";
    return [{ metric: `lost by ${what}, ${name}`, value: Math.max(0, 1 - last / first), unit: "share", says }];
  });
}

/** An order every few milliseconds until the work is done; how long each took, ascending. */
async function timesOfOrders(system: System, productId: string, work: () => Promise<unknown>): Promise<number[]> {
  const everyMs = 5;
  const took: number[] = [];
  let isOver = false;
  const token = tokenOf("beside", "CUSTOMER");
  const ordering = (async () => {
    while (!isOver) {
      took.push(await timeOf(() => call(system.port, "POST", "/orders", { productId, quantity: 1 }, token)));
      await sleep(everyMs);
    }
  })();
  await work();
  isOver = true;
  await ordering;
  return took.toSorted((a, b) => a - b);
}

/** @throws if gate and books disagree. */
async function reconcile({ port }: System): Promise<void> {
  const { status } = await call(port, "GET", "/admin/reconcile");
  if (status === "CRITICAL") throw new Error(`reconcile says ${status}: gate and books disagree`);
}

/** Ready means that an order for any product is accepted, but with many products those that were not loaded may follow. */
async function untilOnSale({ port }: System, productId: string): Promise<void> {
  while ((await call(port, "GET", `/inventory/${productId}`)).gate === null) await sleep(50);
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}
