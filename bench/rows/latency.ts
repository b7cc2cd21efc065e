/** How long an accept takes by an open loop, at shares of the saturation rate of the same run. */
import { type Bench, readyFor, runLoad, warmUp } from "../bench.ts";
import type { Figure } from "../figures.ts";
import { runVegeta } from "../generators/vegeta.ts";
import { untilQuiet } from "../processes.ts";
import { balance } from "./accept.ts";

const shares = [0.3, 0.5, 0.7, 0.9];
const dropSeconds = 2;

export async function latency(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  bench.step("warm-up and saturation");
  const warm = await warmUp(bench, system.port, load);
  await system.ask({ ask: "settle" });
  const loop = await runLoad(system.port, load);
  const saturation = loop.perSecond;
  let accepted = warm.accepted + loop.accepted;
  let cutOff = 2 * load.connections;
  bench.says(`${Math.round(saturation)}/s`);

  const figures: Figure[] = [];
  for (const share of shares) {
    await system.ask({ ask: "settle" });
    await untilQuiet(system);
    const perSecond = Math.round(saturation * share);
    bench.step(`${share * 100} %: ${perSecond} orders per second`);
    const seconds = bench.seconds + dropSeconds;
    const result = await runVegeta({ port: system.port, perSecond, dropSeconds, ...load, seconds });
    bench.says(
      `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms, ${JSON.stringify(result.answers)}`,
    );
    accepted += result.accepted;
    cutOff += result.answers["0"] ?? 0;
    const says = result.keptRate
      ? `${perSecond} orders/s`
      : `void: the generator sent ${Math.round(result.sentPerSecond)}/s`;
    for (const [name, value] of [
      ["p50", result.p50Ms],
      ["p99", result.p99Ms],
      ["p99.9", result.p999Ms],
    ] as const) {
      figures.push({ metric: `latency at ${share * 100} %, ${name}`, value, unit: "ms", says });
    }
  }
  await system.ask({ ask: "settle" });
  await balance(system, accepted, cutOff, load.productIds);
  return figures;
}
