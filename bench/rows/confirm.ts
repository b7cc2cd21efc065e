/**
 * How many orders per second are placed, paid and confirmed, as a shop does it all day: a closed loop of buyers, so that
 * no backlog grows. Then a fixed rate of 500 orders per second, or 60 % of what the system takes if that is less, for the
 * time from the answer to CONFIRMED. Afterwards the naive way, one workflow an order and one commit a step, on the same
 * engines.
 */
import { type Bench, readyFor } from "../bench.ts";
import { type Figure, figureOf, quantile } from "../figures.ts";
import { type Buyers, openBuyers } from "../generators/buyers.ts";
import { readLinks } from "../links.ts";
import { untilQuiet } from "../processes.ts";
import { runNaive, type System } from "../stage.ts";
import { balance, costOf } from "./accept.ts";

/** Orders that are on their way at a time. */
const atOnce = 256;
const turns = 3;
const wantedPerSecond = 500;

export async function confirm(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, {});
  const buyers = await openBuyers(stack, system, { productId: load.productIds[0] ?? "", tokens: load.tokens });

  bench.step(`${atOnce} buyers at once, a warm-up and ${turns} turns`);
  const buying = buyers.begin(atOnce);
  await buying.rates(1, bench.warmUpSeconds);
  const warm = buyers.confirmed;
  const cost = await costOf(system);
  const rates = await buying.rates(turns, bench.seconds);
  await buying.end();
  bench.says(`${rates.map(Math.round).join(", ")} confirmed/s`);
  const costs = await cost(buyers.confirmed - warm, "placed to CONFIRMED");
  const confirmed = figureOf("confirmed", rates, "orders/s", `${atOnce} orders at once`);
  const times = await steady(bench, { system, buyers, capacity: confirmed.value });
  await balance(system, buyers.confirmed, 0, load.productIds);
  const naive = await naiveOf(bench, system);
  const ratio = { metric: "confirmed ÷ naive", value: confirmed.value / naive.value, unit: "ratio" };
  return [confirmed, ratio, naive, ...costs.map(named), ...times];
}

async function naiveOf(bench: Bench, system: System): Promise<Figure> {
  bench.step("the naive way: one workflow an order, one commit a step");
  await untilQuiet(system);
  const rates = await runNaive(system, { atOnce, turns, seconds: bench.seconds, warmUpSeconds: bench.warmUpSeconds });
  bench.says(`${rates.map(Math.round).join(", ")} orders/s`);
  return figureOf("confirmed, the naive way", rates, "orders/s", `${atOnce} orders at once, without HTTP and log`);
}

type Steady = { system: System; buyers: Buyers; capacity: number };

/** Above what the system takes, the time would only tell how long the backlog is: then it is measured at a lower rate. */
async function steady(bench: Bench, { system, buyers, capacity }: Steady): Promise<Figure[]> {
  const perSecond = capacity < wantedPerSecond ? Math.max(10, Math.round(capacity * 0.06) * 10) : wantedPerSecond;
  bench.step(`${perSecond} orders per second`);
  const { tookMs, missed } = await buyers.steady(perSecond, bench.seconds);
  const at = (share: number) => quantile(tookMs, share);
  bench.says(`p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`);
  const says = `${missed} of ${tookMs.length} orders were sent over 100 ms late`;
  const figure = (name: string, value: number, says?: string): Figure => ({
    metric: `placed to CONFIRMED at ${perSecond}/s, ${name}`,
    value,
    unit: "ms",
    ...(says && { says }),
  });
  const links = await readLinks(await system.ask<string>({ ask: "url" }), tookMs.length);
  return [
    figure("p50", at(0.5), says),
    figure("p99", at(0.99), says),
    ...links.map(({ link, ms }) => figure(`p50 of ${link}`, ms)),
  ];
}

function named(figure: Figure): Figure {
  const isWrites = figure.metric.endsWith("writing transactions");
  return isWrites ? { ...figure, metric: "writes, placed to CONFIRMED" } : figure;
}
