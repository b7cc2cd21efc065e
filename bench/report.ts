/** Writes what the benchmarks found: a table beside the goals, the history, and the page with its plots. */
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { goalOf, type Rating, type Run, ratingOf, short } from "./figures.ts";
import { type Kept, type Made, pageOf } from "./page.ts";
import { plotOfLines, plotOfRatings } from "./plot.ts";
import { rows } from "./rows.ts";
import type { Engines } from "./stage.ts";

const history = new URL("history.ndjson", import.meta.url);

const words: Record<Rating, string> = {
  goal: "goal reached",
  floor: "floor reached",
  below: "below the floor",
  "no goal": "",
};

export function tableOf({ figures, on }: Run): string {
  const lines = figures.map((figure) => {
    const { metric, unit, range, says = "" } = figure;
    const goal = goalOf(metric, on);
    const value = `${short(figure.value)} ${unit}`;
    const spread = range ? `${short(range[0])} to ${short(range[1])}` : "";
    const wanted = goal ? `floor ${goal.floor}, goal ${goal.goal}` : "";
    return [metric, value, spread, wanted, words[ratingOf(figure, on)], says];
  });
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) => `  ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}

/** Appends each run to the history, and writes docs/benchmarks.md from the latest run of each row. */
export async function keep(runs: readonly Run[], machine: Machine): Promise<void> {
  const made: Made = { at: new Date().toISOString(), commit: commit(), ...machine };
  for (const run of runs) await appendFile(history, `${JSON.stringify({ ...made, ...run })}\n`);
  await writePage();
  console.log("\nkept in bench/history.ndjson, docs/benchmarks.md and docs/plots/");
}

async function writePage(): Promise<void> {
  const runs = await latestRuns();
  const docs = new URL("../docs/", import.meta.url);
  await mkdir(new URL("plots/", docs), { recursive: true });
  await writeFile(new URL("plots/goals.svg", docs), plotOfRatings(runs));
  const drawn = {
    latency: plotOfLines(runs, /^latency at (?<x>\d+) %, (?<name>p50|p99|p99\.9)$/, "% of saturation", "ms"),
    growth: plotOfLines(
      runs,
      /^(?<name>accept|settle|confirmed) with (?<x>\d+) orders kept$/,
      "orders kept",
      "orders/s",
    ),
  };
  for (const [name, plot] of Object.entries(drawn)) {
    if (plot) await writeFile(new URL(`plots/${name}.svg`, docs), plot);
  }
  const plots = { latency: drawn.latency !== undefined, growth: drawn.growth !== undefined };
  await writeFile(new URL("benchmarks.md", docs), pageOf(runs, plots));
}

/** The latest run of each row, by engines. The oldest lines of the history have another form. */
async function latestRuns(): Promise<Kept[]> {
  const lines = (await readFile(history, "utf8")).trim().split("\n");
  const kept = lines.map((line): Partial<Kept> => JSON.parse(line)).filter((run): run is Kept => "figures" in run);
  const latest = new Map(kept.map((run) => [`${run.name} ${run.on}`, run]));
  const engines: readonly Engines[] = ["embedded", "real"];
  return engines.flatMap((on) => Object.keys(rows).flatMap((name) => latest.get(`${name} ${on}`) ?? []));
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim();
}

export type Machine = Pick<Made, "cpu" | "cores" | "node" | "loadBefore">;

/** Call it before the runs: they are load too. */
export function readMachine(): Machine {
  const loadBefore = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  return { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version, loadBefore };
}
