/**
 * `npm run chaos`: kills processes at every named point, and servers in every way, while buyers order; reads the stores
 * afterwards and prints a certificate. `-- --quick`: every crash point once and one kill of each server. `-- --only NAME`:
 * the cells whose name contains it; may be repeated. `-- --seed N`: the same buyers again. The whole run writes
 * docs/chaos.md.
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { readOptions, wholeNumber } from "../../scripts/options.ts";
import { createRandom } from "../simulation/random.ts";
import { runSchedules, type Figures as Schedules, seedsFrom } from "../simulation/schedules.ts";
import { type Cell, type Done, nothingTried } from "./cell.ts";
import { certificateOf, chaosPage, isCaught } from "./certificate.ts";
import { embeddedCells, healthyRun } from "./embedded-cells.ts";
import { type EmbeddedStages, inDrop, inLine, openEmbeddedStages, product } from "./embedded-stage.ts";
import { type Caught, plantBugs } from "./planted.ts";
import { realCells } from "./real-cells.ts";
import { openRealStage, type RealStage } from "./real-stage.ts";

const help = `npm run chaos -- [options]

Kills processes at every named point, and servers in every way, while buyers order; reads the stores afterwards and
prints a certificate. Exit 1 if a law is broken. The whole run takes most of an hour and writes docs/chaos.md.

  --quick         every crash point, and one kill of each server
  --only NAME     the cells whose name contains it; may be repeated
  --seed N        the same buyers again
  --schedules N   schedules of the simulation beside it (10000)

Example: npm run chaos -- --quick --only settle`;

const { values } = readOptions(help, {
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    schedules: { type: "string", default: "10000" },
  },
});
const seed = wholeNumber("--seed", values.seed, 0);
const schedulesAsked = wholeNumber("--schedules", values.schedules);
const { quick, only } = values;
const isWhole = !quick && only === undefined;
/** Cells of the embedded default wait more than they work. */
const atOnce = availableParallelism() + 2;
const begunMs = performance.now();
/** Of the minute before: the work of others on this machine. */
const loadBefore = loadavg()[0] ?? 0;
function elapsed() {
  return `${Math.round((performance.now() - begunMs) / 1_000)} s`;
}

let stages: Promise<EmbeddedStages> | undefined;
let realStage: Promise<RealStage> | undefined;
function openStages() {
  stages ??= openEmbeddedStages();
  return stages;
}

function openFleet() {
  realStage ??= openRealStage();
  return realStage;
}

function named(text: string) {
  return only === undefined || only.some((part) => text.includes(part));
}

function isWanted({ name, group }: Cell) {
  return named(`${group} ${name}`);
}

const onProcess = embeddedCells(openStages, { quick }).filter(isWanted);
const onServers = realCells(openFleet, { quick }).filter(isWanted);
const plantsBugs = named("planted bugs");
const count = onProcess.length + onServers.length;
const done: Done[] = [];
let caught: Caught[] = [];
/** Laws that the run without faults broke, in which the bugs are planted. */
let brokenWhenHealthy = 0;
let schedules: Schedules | undefined;
/** Lines about what failed, as they were printed; printed again at the end. */
const failures: string[] = [];

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => closeAll().finally(() => process.exit(130)));
try {
  console.log(`${count} cells, seed ${seed}\n`);
  if (count === 0 && !plantsBugs) throw new Error(`no cell is named ${only?.join(" or ")}`);
  await inParallel(atOnce, onProcess, runCell);
  if (plantsBugs) await plant();
  // The servers' cells mostly wait for the clock, and the simulation does not.
  await Promise.all([inParallel(1, onServers, runCell), isWhole && simulate()]);
} finally {
  await closeAll();
}
await report();

async function runCell(cell: Cell): Promise<void> {
  const startedMs = performance.now();
  const random = createRandom(seed + hashOf(cell.name));
  const result = await cell.run(random.next).catch((error: Error) => ({
    figures: nothingTried,
    faults: [`it could not be run: ${error.stack}`],
  }));
  const ms = performance.now() - startedMs;
  done.push({ ...result, group: cell.group, name: cell.name, ms });
  const { figures: f, faults } = result;
  const took = `${f.accepted} of ${f.tried} accepted, ${f.confirmed} confirmed, back after ${(f.recoveryMs / 1_000).toFixed(1)} s`;
  const says = `${cell.name}: ${took} (${Math.round(ms)}ms)  [${done.length} of ${count}, ${elapsed()}]`;
  if (faults.length === 0) return console.log(`✔ ${says}`);
  fail(`✖ ${says}`);
  for (const fault of faults) fail(`    ${fault}`);
  fail(`    again: npm run chaos -- --only "${cell.name}" --seed ${seed}`);
}

function fail(line: string): void {
  console.log(line);
  failures.push(line);
}

async function plant(): Promise<void> {
  console.log(`\nplanting bugs in a healthy run … [${elapsed()}]`);
  const stage = await (await openStages()).open("healthy");
  try {
    const { evidence, broken } = await healthyRun(stage, createRandom(seed).next);
    brokenWhenHealthy = broken.length;
    if (broken.length > 0) fail(`✖ the healthy run broke ${broken.map(({ law }) => law.name).join(", ")}`);
    caught = await plantBugs(
      stage,
      { product: product.productId, inDrop: inDrop.productId, inLine: inLine.first },
      evidence,
    );
  } finally {
    await stage.close();
  }
  for (const one of caught) {
    if (isCaught(one)) console.log(`✔ ${one.bug}: ${one.spoke.join(", ")}`);
    else fail(`✖ ${one.bug}: the laws that spoke are ${one.spoke.join(", ") || "none"}`);
  }
  console.log("");
}

async function simulate(): Promise<void> {
  console.log(`\n${schedulesAsked} schedules of the simulation … [${elapsed()}]`);
  let saidMs = performance.now();
  schedules = await runSchedules({
    seeds: seedsFrom(seed, schedulesAsked),
    threads: 1,
    onProgress(figures) {
      if (performance.now() - saidMs < 60_000) return;
      saidMs = performance.now();
      console.log(`  ${figures.schedules} schedules, ${figures.violations.length} violations [${elapsed()}]`);
    },
  });
  for (const { seed, law, says } of schedules.violations) fail(`✖ schedule ${seed}: ${law}: ${says}`);
}

async function report(): Promise<void> {
  // In the order of the matrix, not of completion.
  const order = [...onProcess, ...onServers].map(({ group, name }) => group + name);
  const inOrder = done.toSorted((a, b) => order.indexOf(a.group + a.name) - order.indexOf(b.group + b.name));
  const run = { seed, cells: inOrder, caught, schedules, loadBefore, wallMs: performance.now() - begunMs };
  console.log("\nCertificate");
  for (const [name, figure] of certificateOf(run)) console.log(`  ${name.padEnd(42)} ${figure}`);
  if (isWhole) await writeFile(new URL("../../docs/chaos.md", import.meta.url), chaosPage(run));
  const broken = done.filter(({ faults }) => faults.length > 0).length;
  const missed = caught.filter((one) => !isCaught(one)).length + (plantsBugs && caught.length === 0 ? 1 : 0);
  const brokenSchedules = schedules && schedules.violations.length > 0 ? 1 : 0;
  const failed = broken + missed + brokenSchedules + brokenWhenHealthy;
  const all = done.length + caught.length + (schedules ? 1 : 0) + brokenWhenHealthy;
  // In the format of node:test, for .ci/run, which counts these too and repeats the failing ones.
  for (const [name, figure] of [
    ["tests", all],
    ["pass", all - failed],
    ["fail", failed],
    ["duration_ms", Math.round(run.wallMs)],
  ]) {
    console.log(`ℹ ${name} ${figure}`);
  }
  if (failures.length > 0) console.log(`\n✖ failing tests:\n\n${failures.join("\n")}`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function closeAll(): Promise<void> {
  const [home, fleet] = [stages, realStage];
  stages = undefined;
  realStage = undefined;
  await Promise.allSettled([home?.then((open) => open.close()), fleet?.then((open) => open.close())]);
}

async function inParallel<T>(workers: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

function hashOf(text: string): number {
  let hash = 0;
  for (const char of text) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0;
  return hash;
}
