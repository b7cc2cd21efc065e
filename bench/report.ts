/** Writes what the benchmarks found: a table beside the goals, the history, and the page with its plots. */
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { goalOf, type Rating, type Run, ratingOf } from "./figures.ts";
import { plotOfLines, plotOfRatings } from "./plot.ts";

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

/** Appends each run to the history, and writes docs/benchmarks.md from these runs. */
export async function keep(runs: readonly Run[]): Promise<void> {
  const made = { at: new Date().toISOString(), commit: commit(), ...machine() };
  for (const run of runs) {
    await appendFile(new URL("history.ndjson", import.meta.url), `${JSON.stringify({ ...made, ...run })}\n`);
  }
  const docs = new URL("../docs/", import.meta.url);
  await mkdir(new URL("plots/", docs), { recursive: true });
  await writeFile(new URL("plots/goals.svg", docs), plotOfRatings(runs));
  const latencies = plotOfLines(runs, /^latency at (\d+) %, (p50|p99|p99\.9)$/, "% of saturation", "ms");
  if (latencies) await writeFile(new URL("plots/latency.svg", docs), latencies);
  await writeFile(new URL("benchmarks.md", docs), pageOf(runs, made, latencies !== undefined));
  console.log("\nkept in bench/history.ndjson, docs/benchmarks.md and docs/plots/");
}

function pageOf(
  runs: readonly Run[],
  made: ReturnType<typeof machine> & { commit: string; at: string },
  hasLatency: boolean,
) {
  const sections = runs.map((run) => {
    const rows = run.figures.map((figure) => {
      const goal = goalOf(figure.metric, run.on);
      const spread = figure.range ? `${short(figure.range[0])} to ${short(figure.range[1])}` : "";
      const wanted = goal ? `${goal.floor} · ${goal.goal}` : "";
      const cells = [figure.metric, `${short(figure.value)} ${figure.unit}`, spread, wanted];
      return `| ${[...cells, words[ratingOf(figure, run.on)], figure.says ?? ""].join(" | ")} |`;
    });
    const head = "| figure | value | range | floor · goal | | conditions |\n| --- | --- | --- | --- | --- | --- |";
    return `## ${run.name}, ${run.on} engines\n\n${head}\n${rows.join("\n")}\n`;
  });
  return `# Benchmarks

Written by \`npm run bench -- all --keep\` at commit ${made.commit}, ${made.at.slice(0, 10)}, on ${made.cores} cores
(${made.cpu}), Node ${made.node}; load of the machine before it ${made.loadBefore}. Load generator, system and all engines
share these cores. A ratio compares two servers in one run; an absolute figure holds for this machine alone. Each run ends
with the books: every accepted order is in them, and gate and books agree.

![Figures beside their goals](plots/goals.svg)
${hasLatency ? "\n![Time of an accept by load](plots/latency.svg)\n" : ""}
${sections.join("\n")}`;
}

/** Three digits that count. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim();
}

function machine() {
  const loadBefore = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  return { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version, loadBefore };
}
