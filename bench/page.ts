/** Writes docs/benchmarks.md: the figures of each row's latest kept run, both engines side by side, for readers who are new here. */
import { type Figure, goalOf, type Rating, type Run, ratingOf, short } from "./figures.ts";
import { rows } from "./rows.ts";
import type { Engines } from "./stage.ts";

export type Made = { at: string; commit: string; cpu: string; cores: number; node: string; loadBefore: number };

export type Kept = Run & Made;

/** The files of its plots that were drawn. */
export type Plots = Readonly<Record<"latency" | "growth", boolean>>;

const marks: Record<Rating, string> = { goal: "✓", floor: "○", below: "✗", "no goal": "" };

/** `runs`: the latest of each row, by engines. */
export function pageOf(runs: readonly Kept[], plots: Plots): string {
  const engines = [...new Set(runs.map(({ on }) => on))];
  const names = Object.keys(rows).filter((name) => runs.some((run) => run.name === name));
  const missing = Object.keys(rows).filter((name) => !names.includes(name));
  return `# Benchmarks

\`npm run bench -- --keep\` with the names of rows measures them again and writes this page, which has the latest kept run of each. Below
each row stands when it ran, at which commit, and the machine's load before. Load generator, system and all engines share the
machine's cores, so compare the ratios: an absolute figure holds for that machine and its load alone. Each run ends with the books: every
accepted order is in them, no unit was sold twice, and gate and books agree.${missing.length === 0 ? "" : ` No run is kept of ${missing.join(", ")}.`}

## Words

- **Accept**: an order that was answered 202 after the log had it. Every one of them is found in PostgreSQL at the end.
- **Burst**: only accepts; their settlement waits. **Sustained**: accepts while all of them are settled. **Settled**: written
  into the books, in PostgreSQL. **Confirmed**: placed, paid, and CONFIRMED; the simulated bank decides at once.
- **Bare server**: a \`node:http\` server that reads the same request and answers 202 with as many bytes, and does nothing
  else. System and bare server take turns in one run, and a ratio is the median of the pairs.
- **The naive way**: one workflow an order and one commit a step, on the same engine and database, in a process of its own.
- **Embedded**: PostgreSQL alone, as \`npm start\` runs it, with DBOS for workflows. **Real**: Redis, Kafka, PostgreSQL and
  Temporal, each started for the run.
- **Warm-up**: the same load before the first counted run, in which code is compiled and connections are made. "Just
  started" is the rate in it.
- **Saturation**: the rate of a closed loop, in which each connection sends its next order when the last one is answered.
  Latency is measured by an open loop, which keeps its rate whether or not it is answered.
- **Floor · goal**: ✗ below the floor, ○ floor reached, ✓ goal reached. A range in brackets goes from the least to the
  most of the pairs.
- **Kept orders** were confirmed earlier. The rows of growth write them, and their payments and units, by SQL.

## Goals

${goalTable(runs, engines)}

![Each figure as a share of its goal](plots/goals.svg)
${plots.latency ? "\n![Time of an accept by load](plots/latency.svg)\n" : ""}${plots.growth ? "\n![Rates by the number of kept orders](plots/growth.svg)\n" : ""}
${names.map((name) => sectionOf(name, runs, engines)).join("\n")}`;
}

function goalTable(runs: readonly Kept[], engines: readonly Engines[]): string {
  const metrics = metricsOf(runs).filter((metric) => engines.some((on) => goalOf(metric, on)));
  const lines = metrics.map((metric) => {
    const cells = engines.flatMap((on) => {
      const figure = figureIn(runs, metric, on);
      const goal = goalOf(metric, on);
      return [figure ? cellOf(figure, on) : "", goal ? `${goal.floor} · ${goal.goal}` : ""];
    });
    return [metric, ...cells];
  });
  return tableOf(["figure", ...engines.flatMap((on) => [on, "floor · goal"])], lines);
}

function sectionOf(name: string, runs: readonly Kept[], engines: readonly Engines[]): string {
  const own = runs.filter((run) => run.name === name);
  const lines = metricsOf(own).map((metric) => {
    const figures = engines.map((on) => figureIn(own, metric, on));
    const says = [...new Set(figures.flatMap((figure) => figure?.says ?? []))].join("; ");
    return [metric, ...figures.map((figure, i) => (figure ? cellOf(figure, engines[i] as Engines) : "")), says];
  });
  const { says = "" } = rows[name] ?? {};
  const table = tableOf(["figure", ...engines, "conditions"], lines);
  const made = engines.flatMap((on) => own.filter((run) => run.on === on)).map(madeOf);
  return `## ${name}\n\n${says.slice(0, 1).toUpperCase()}${says.slice(1)}.\n\n${table}\n\n${made.join("\n")}\n`;
}

function madeOf({
  on,
  at,
  commit,
  cores,
  cpu,
  node,
  loadBefore,
  seconds,
  connections,
  warmUpSeconds,
  tookSeconds,
}: Kept): string {
  const when = `${at.slice(0, 10)} at commit ${commit}, in ${tookSeconds} s`;
  return `- ${on}: ${when}; ${cores} cores (${cpu}), Node ${node}, load before ${loadBefore}; \`--seconds ${seconds}${warmUpSeconds ? ` --warm-up ${warmUpSeconds}` : ""} --connections ${connections}\``;
}

function cellOf(figure: Figure, on: Engines): string {
  const { value, unit, range } = figure;
  const spread = range && range[0] !== range[1] ? ` (${short(range[0])} to ${short(range[1])})` : "";
  return `${short(value)} ${unit}${spread} ${marks[ratingOf(figure, on)]}`.trim();
}

function metricsOf(runs: readonly Run[]): string[] {
  return [...new Set(runs.flatMap(({ figures }) => figures.map(({ metric }) => metric)))];
}

function figureIn(runs: readonly Run[], metric: string, on: Engines): Figure | undefined {
  return runs
    .filter((run) => run.on === on)
    .flatMap(({ figures }) => figures.find((one) => one.metric === metric) ?? [])[0];
}

function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...lines.map(row)].join("\n");
}
