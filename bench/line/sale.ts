/**
 * One drop with a line, from the first place to the last unit: what is measured, and what must hold. Everything is asked by
 * HTTP, as people do. The public state is read once a second for all, as a cache would; its cost is measured by itself.
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join as pathOf } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile } from "../figures.ts";
import { prepareProduct, readOrdered, type System } from "../stage.ts";
import { atOnce, besideSale, costOfState, freezeLeadSeconds, readState, schedule, sum } from "./drop.ts";
import type { Figure } from "./page.ts";
import { ask, crowdOf, forAll, join, type Line, type Person, readPlace, type Visit, visit } from "./people.ts";

export type Plan = {
  people: number;
  units: number;
  leavers: number;
  joinSeconds: number;
  admitPerSecond: number;
  says(text: string): void;
};

const patienceMs = 600_000;

/** @throws if a law is broken. */
export async function sellToLine(system: System, plan: Plan): Promise<Figure[]> {
  const { people, units, leavers, says } = plan;
  const { port } = system;
  const productId = await prepareProduct(port, units);
  const line: Line = { port, productId, dropId: `line-${productId}` };
  const opensAtMs = Date.now() + plan.joinSeconds * 1_000;
  await schedule(line, plan, opensAtMs);
  const crowd = crowdOf(productId, people, leavers);
  const early = crowd.filter(({ lateMs }) => lateMs === undefined);
  const figures: Figure[] = [];
  const tell = (metric: string, values: readonly number[], unit: string) => figures.push({ metric, unit, values });

  // People join beside another sale.
  const beside = besideSale(port, () => Date.now() < opensAtMs - freezeLeadSeconds * 1_000);
  const began = performance.now();
  const cpuBefore = sum(await system.cpu());
  await forAll(early, atOnce, (person) => join(line, person));
  const joins = early.reduce((all, { tabs }) => all + tabs, 0);
  const joinSeconds = (performance.now() - began) / 1_000;
  tell("joins", [joins / joinSeconds], "joins/s");
  tell("CPU of a join", [((sum(await system.cpu()) - cpuBefore) * 1e6) / joins], "µs, with the sale beside it");
  says(`${joins} joins of ${early.length} people, ${Math.round(joins / joinSeconds)}/s`);
  if (Date.now() > opensAtMs - freezeLeadSeconds * 1_000) throw new Error("people still joined at the freeze");
  tell("CPU of the public state", [await costOfState(system, line)], "µs an answer");
  const { placed, p99Ms } = await beside;
  tell("accept beside the joins, p99", [p99Ms], "ms");
  says(`${placed} orders beside it, p99 ${p99Ms.toFixed(0)} ms`);

  let state = await readState(line);
  while (state.order === null) {
    await sleep(200);
    state = await readState(line);
    if (Date.now() > opensAtMs + patienceMs) throw new Error("the line was not drawn");
  }
  const drawnMs = Date.now() - (opensAtMs - freezeLeadSeconds * 1_000);
  tell("from the freeze to the order", [drawnMs / 1_000], "s, of which the beacon's round takes most");
  says(`drawn ${(drawnMs / 1_000).toFixed(1)} s after the freeze`);
  await forAll(early, atOnce, (person) => readPlace(line, person));

  const sale = await sell(line, crowd, opensAtMs, plan);
  figures.push(...sale);
  checkPlaces(crowd);
  const ordered = await readOrdered(port, [productId]);
  if (ordered !== units) throw new Error(`${ordered} of ${units} units are ordered`);
  await verify(system, line, crowd);
  says("the published files are verified");
  return figures;
}

async function sell(line: Line, crowd: readonly Person[], opensAtMs: number, { units, says }: Plan) {
  const waiting = crowd.filter(({ place }) => place > 0).toSorted((a, b) => b.place - a.place);
  const late = crowd.filter(({ lateMs }) => lateMs !== undefined).toSorted((a, b) => (a.lateMs ?? 0) - (b.lateMs ?? 0));
  const inside = new Set<Promise<void>>();
  const visits: Visit[] = [];
  const confirmed = new Map<string, Person>();
  const admitted: number[] = [];
  let [called, isOver, movedAtMs, longestMs, soldOutMs] = [0, false, Date.now(), 0, Number.NaN];
  let fault: unknown;

  function track(work: Promise<void>): void {
    const one = work.catch((error) => {
      fault ??= error;
    });
    inside.add(one);
    void one.finally(() => inside.delete(one));
  }

  async function come(person: Person): Promise<void> {
    const result = await visit(line, person, () => isOver);
    visits.push(result);
    if (result.orderId === undefined) return;
    movedAtMs = Date.now();
    if (person.kind === "buys") confirmed.set(result.orderId, person);
  }

  async function comeLate(person: Person): Promise<void> {
    await join(line, person);
    await readPlace(line, person);
    const at = waiting.findLastIndex(({ place }) => place > person.place);
    waiting.splice(at + 1, 0, person);
  }

  let toldAtMs = Date.now();
  for (;;) {
    const nowMs = Date.now();
    while (late[0] && nowMs >= opensAtMs + (late[0].lateMs ?? 0)) track(comeLate(late.shift() as Person));
    const state = await readState(line);
    if (state.called < called) throw new Error(`called fell from ${called} to ${state.called}`);
    if (state.called > called || state.reach[0] === state.called) movedAtMs = nowMs;
    called = state.called;
    admitted.push(called);
    while ((waiting.at(-1)?.place ?? Number.POSITIVE_INFINITY) <= called) {
      const person = waiting.pop() as Person;
      if (person.kind !== "leaves") track(come(person));
    }
    if (nowMs > opensAtMs) longestMs = Math.max(longestMs, nowMs - Math.max(movedAtMs, opensAtMs));
    if (fault) throw fault;
    if (confirmed.size >= units) break;
    if (nowMs - toldAtMs > 10_000) {
      toldAtMs = nowMs;
      says(`called ${called}, ${confirmed.size} sold, ${state.free} free`);
    }
    if (nowMs - movedAtMs > 60_000) throw new Error(`the line stands still: ${JSON.stringify(state)}`);
    if (nowMs > opensAtMs + patienceMs) throw new Error(`not sold out in ${patienceMs / 1_000} s`);
    await sleep(1_000);
  }
  soldOutMs = Date.now() - opensAtMs;
  isOver = true;
  await Promise.all(inside);
  if (fault) throw fault;
  for (const person of late.splice(0)) await comeLate(person);
  await untilConfirmed(line, confirmed);
  const refused = visits.filter(({ last }) => last.startsWith("order:"));
  if (refused.length > 0) throw new Error(`${refused.length} passes found no unit: ${refused[0]?.last}`);
  const sorted = (of: (one: Visit) => number) =>
    visits
      .map(of)
      .filter(Number.isFinite)
      .toSorted((a, b) => a - b);
  const [toPass, toOrder] = [sorted((one) => one.toPassMs), sorted((one) => one.toOrderMs)];
  const inVain = visits.filter(({ toPassMs }) => Number.isNaN(toPassMs)).length;
  says(`sold out after ${(soldOutMs / 1_000).toFixed(0)} s: ${called} called, ${inVain} came in vain`);
  const figures = [
    figureOf("from opening to the last unit sold", [soldOutMs / 1_000], "s"),
    figureOf("places called", [called], "places"),
    figureOf(
      "called after 10, 30, 60 and 120 s",
      [10, 30, 60, 120].map((at) => admitted[at] ?? called),
      "places",
    ),
    figureOf("came and asked, to their pass, p50", [quantile(toPass, 0.5)], "ms"),
    figureOf("came and asked, to their pass, p99", [quantile(toPass, 0.99)], "ms"),
    figureOf("an order with a pass, p99", [quantile(toOrder, 0.99)], "ms"),
    figureOf("longest time with a free unit and no call or order", [longestMs / 1_000], "s"),
    figureOf("people who came and found nothing", [inVain], "people"),
  ];
  return figures;
}

/** Also those who left keep their place: a number each, without gaps. */
function checkPlaces(crowd: readonly Person[]): void {
  const places = crowd.map(({ place }) => place).toSorted((a, b) => a - b);
  const wrong = places.findIndex((place, i) => place !== i + 1);
  if (wrong >= 0) throw new Error(`of ${crowd.length} places the one after ${wrong} is ${places[wrong]}`);
}

async function untilConfirmed({ port }: Line, orders: ReadonlyMap<string, Person>): Promise<void> {
  await forAll([...orders], atOnce, async ([orderId, person]) => {
    for (let tries = 0; ; tries += 1) {
      const { body } = await ask(port, person, "GET", `/orders/${orderId}`);
      if (body.status === "CONFIRMED") return;
      if (body.status === "FAILED" || tries === 120) throw new Error(`order ${orderId} is ${body.status}`);
      await sleep(500);
    }
  });
}

/** By the command that people outside the shop run. @throws if a check fails. */
async function verify({ folder }: System, { port, dropId }: Line, crowd: readonly Person[]): Promise<void> {
  const kept = crowd.map(({ receipt, place }) => ({ receipt, place }));
  const path = pathOf(folder, `${dropId}.json`);
  await writeFile(path, JSON.stringify(kept));
  const cli = fileURLToPath(new URL("../../src/cli/cli.ts", import.meta.url));
  const args = [cli, "verify", `http://127.0.0.1:${port}/drops/${dropId}`, "--receipt", path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  child.stderr.on("data", (text) => {
    said += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`dropgate verify exits with ${code}:\n${said.slice(0, 4_000)}`);
}

function figureOf(metric: string, values: readonly number[], unit: string): Figure {
  return { metric, unit, values };
}
