/** The drop of the line, its public state, and the sale of another product beside it. */
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../figures.ts";
import { call, prepareProduct, type System } from "../stage.ts";
import { ask, crowdOf, forAll, type Line, type Person } from "./people.ts";

export type State = {
  state: string;
  order: string | null;
  called: number;
  free: number;
  /** Its first place is beyond `called` if a unit is free that no pass keeps. */
  reach: [number, number];
};

export const freezeLeadSeconds = 10;
export const atOnce = 64;
const stateAsks = 5_000;

export async function schedule(
  { port, dropId, productId }: Line,
  plan: { admitPerSecond: number },
  opensAtMs: number,
): Promise<void> {
  const at = (ms: number) => new Date(ms).toISOString();
  await call(port, "POST", "/drops", {
    dropId,
    name: "Lamps",
    zone: "UTC",
    entry: "line",
    beacon: "own",
    freezeLeadSeconds,
    admitPerSecond: plan.admitPerSecond,
    prequeueAt: at(Date.now()),
    opensAt: at(opensAtMs),
    closesAt: at(opensAtMs + 7_200_000),
    products: [{ productId }],
  });
  await call(port, "POST", `/drops/${dropId}/schedule`, { force: true, reason: "a benchmark of its line" });
}

export async function readState({ port, dropId }: Line): Promise<State> {
  const { status, body } = await ask(port, undefined, "GET", `/drops/${dropId}/room`);
  if (status !== 200) throw new Error(`the public state was answered ${status}`);
  return body as State;
}

/** Microseconds of CPU that the system takes for an answer with the public state. */
export async function costOfState(system: System, line: Line): Promise<number> {
  const before = sum(await system.cpu());
  await forAll(Array.from({ length: stateAsks }), atOnce, async () => void (await readState(line)));
  return ((sum(await system.cpu()) - before) * 1e6) / stateAsks;
}

/** Orders of another product, one by one, for as long as it shall run. */
export async function besideSale(port: number, goesOn: () => boolean): Promise<{ placed: number; p99Ms: number }> {
  const productId = await prepareProduct(port, 1_000_000);
  const tookMs: number[] = [];
  const [buyer] = crowdOf(productId, 1, 0) as [Person];
  while (goesOn()) {
    const { status, tookMs: ms } = await ask(port, buyer, "POST", "/orders", { productId, quantity: 1 });
    if (status === 202) tookMs.push(ms);
    await sleep(20);
  }
  return {
    placed: tookMs.length,
    p99Ms: quantile(
      tookMs.toSorted((a, b) => a - b),
      0.99,
    ),
  };
}

export function sum(cpu: Readonly<Record<string, number>>): number {
  return Object.values(cpu).reduce((all, seconds) => all + seconds, 0);
}
