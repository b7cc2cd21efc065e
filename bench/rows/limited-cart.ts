/** LimitedCart's way beside the system and the bare server, in turns, on the same Redis, Kafka, PostgreSQL and Temporal. */
import { type Bench, readyFor, runLoad, warmUp } from "../bench.ts";
import { type Figure, figureOf } from "../figures.ts";
import { openLimitedCart } from "../stage.ts";
import { balance } from "./accept.ts";

export async function limitedCart(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, bare, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  const theirs = await openLimitedCart(stack, system);
  const rates: Record<"bare" | "ours" | "theirs", number[]> = { bare: [], ours: [], theirs: [] };
  const begunPerSecond: number[] = [];
  let accepted = 0;
  for (let turn = 0; turn <= bench.pairs; turn += 1) {
    bench.step(turn === 0 ? "warm-up" : `turn ${turn} of ${bench.pairs}`);
    const run = (port: number) => (turn === 0 ? warmUp(bench, port, load) : runLoad(port, load));
    const plain = await run(bare.port);
    const ours = await run(system.port);
    accepted += ours.accepted;
    await system.ask({ ask: "settle" });
    const before = { begun: await theirs.begun(), at: performance.now() };
    const other = await run(theirs.port);
    const begun = ((await theirs.begun()) - before.begun) / ((performance.now() - before.at) / 1000);
    bench.says(`bare ${Math.round(plain.perSecond)}/s, system ${Math.round(ours.perSecond)}/s`);
    bench.says(`LimitedCart's way ${Math.round(other.perSecond)}/s, ${Math.round(begun)} workflows/s`);
    if (other.refused > 0) throw new Error(`${other.refused} orders of LimitedCart's way were refused`);
    // Its backlog of workflows would take hours, so the next turn does not wait for it.
    if (turn === 0) continue;
    rates.bare.push(plain.perSecond);
    rates.ours.push(ours.perSecond);
    rates.theirs.push(other.perSecond);
    begunPerSecond.push(begun);
  }
  await balance(system, accepted, load.connections * (bench.pairs + 1), load.productIds);
  const over = (one: readonly number[], other: readonly number[]) =>
    one.map((rate, i) => rate / (other[i] ?? Number.NaN));
  return [
    figureOf(
      "LimitedCart's way ÷ bare",
      over(rates.theirs, rates.bare),
      "ratio",
      "no token is checked, no key is kept",
    ),
    figureOf("sustained ÷ LimitedCart's way", over(rates.ours, rates.theirs), "ratio"),
    figureOf("LimitedCart's way", rates.theirs, "orders/s"),
    figureOf("LimitedCart's way, workflows", begunPerSecond, "begun/s", "while orders come"),
  ];
}
