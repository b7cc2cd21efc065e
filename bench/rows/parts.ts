/** Shares the CPU time of an accepted and settled order out to parts of the program and connections of PostgreSQL. */
import { type Bench, readyFor, runLoad, warmUp } from "../bench.ts";
import type { Figure } from "../figures.ts";
import type { WrkResult } from "../generators/wrk.ts";
import { cpuOfProcess } from "../processes.ts";
import type { System } from "../stage.ts";
import { balance, costOf } from "./accept.ts";

export async function costByPart(bench: Bench): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { system, load } = await readyFor(stack, bench, { leaveOut: ["fulfilment"] });
  bench.step("warm-up");
  let accepted = await turn(warmUp(bench, system.port, load));
  const warm = accepted;
  const cost = await costOf(system);
  const before = await backendsOf(system);
  await system.ask({ ask: "profile" });
  for (let turns = 1; turns <= bench.pairs; turns += 1) {
    bench.step(`turn ${turns} of ${bench.pairs}`);
    accepted += await turn(runLoad(system.port, load));
  }
  const profiled = accepted - warm;
  const after = await backendsOf(system);
  const figures = await cost(profiled, "accept and settle, profiled");
  const shares = await system.ask<[string, number][]>({ ask: "profiled" });
  const times = sharedOut(shares, (figures[0]?.value ?? 0) * profiled);
  await balance(system, accepted, load.connections * (bench.pairs + 2), load.productIds);
  const backends = [...after].map(([name, seconds]): [string, number] => [
    name,
    (seconds - (before.get(name) ?? 0)) * 1e6,
  ]);
  return [...figures, ...byPart("process", times, profiled), ...byPart("PostgreSQL", backends, profiled)];

  /** Until the last one is settled. */
  async function turn(loading: Promise<WrkResult>): Promise<number> {
    const result = await loading;
    await system.ask({ ask: "settle" });
    bench.says(`${Math.round(result.perSecond)}/s`);
    return result.accepted;
  }
}

/** A profile counts the time in which the process waited for a core too, so it tells shares. */
function sharedOut(shares: readonly [string, number][], us: number): [string, number][] {
  const sum = shares.reduce((all, [, one]) => all + one, 0);
  return shares.map(([part, one]) => [part, (one / sum) * us]);
}

function byPart(of: string, times: readonly (readonly [string, number])[], orders: number): Figure[] {
  return times
    .map(([part, us]): Figure => ({ metric: `${of}, ${part}`, value: us / orders, unit: "µs an order" }))
    .filter(({ value }) => value >= 0.1)
    .toSorted((a, b) => b.value - a.value);
}

/** Seconds of CPU by the name of the connection, or by the kind of a process of the server's own. */
async function backendsOf(system: System): Promise<Map<string, number>> {
  const backends = await system.ask<{ pid: number; name: string }[]>({ ask: "backends" });
  const seconds = new Map<string, number>();
  for (const { pid, name } of backends) seconds.set(name, (seconds.get(name) ?? 0) + (await cpuOfProcess(pid)));
  return seconds;
}
