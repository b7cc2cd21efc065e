/** The results of a run, as a certificate for people and as a page of the docs. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { laws } from "../laws/laws.ts";
import type { Figures as Schedules } from "../simulation/schedules.ts";
import type { Done } from "./cell.ts";
import type { Caught } from "./planted.ts";

export type Run = {
  seed: number;
  cells: readonly Done[];
  caught: readonly Caught[];
  schedules: Schedules | undefined;
  /** What others did on the machine: processes that waited for a processor, in the minute before the run. */
  loadBefore: number;
  wallMs: number;
};

function number(of: number) {
  return Math.round(of).toLocaleString("en");
}

function seconds(ms: number) {
  return (ms / 1_000).toFixed(1);
}

/** Name and figure, one line each. Broken laws have the number of violations. */
export function certificateOf({ cells, caught, schedules }: Run): [name: string, figure: string][] {
  const total = (figure: keyof Done["figures"]) => cells.reduce((all, cell) => all + cell.figures[figure], 0);
  const points = new Set(cells.map(({ name }) => /^([a-z.-]+)@\d/.exec(name)?.[1]).filter((point) => point));
  const rows: [string, string][] = [
    ["crash points killed at", String(points.size)],
    ["cells of the fault matrix", String(cells.length)],
    ["orders tried", number(total("tried"))],
    ["answered 202", number(total("accepted"))],
    ["confirmed", number(total("confirmed"))],
    ["ended otherwise", number(total("failed"))],
    ["units sold", number(total("sold"))],
    ["reconciliations under load", number(total("samples"))],
    ...laws.map(({ name }): [string, string] => [name, number(brokenIn(cells, name))]),
  ];
  if (caught.length > 0) rows.push(["planted bugs caught", `${caught.filter(isCaught).length} of ${caught.length}`]);
  if (schedules) {
    const hours = schedules.virtualMs / 3_600_000;
    rows.push(["simulated schedules", `${number(schedules.schedules)}, ${number(hours)} h of virtual time`]);
    rows.push(["orders simulated", number(schedules.requests)]);
    rows.push(["simulated faults", number([...schedules.faults.values()].reduce((all, times) => all + times, 0))]);
    rows.push(["laws broken in schedules", number(schedules.violations.length)]);
  }
  return rows;
}

function brokenIn(cells: readonly Done[], law: string): number {
  const said = cells.flatMap(({ faults }) => faults).filter((fault) => fault.startsWith(`${law}: `));
  return said.reduce((all, fault) => all + Number.parseInt(fault.slice(law.length + 2), 10), 0);
}

export function isCaught({ law, spoke }: Caught) {
  return spoke.length === 1 && spoke[0] === law;
}

export function chaosPage(run: Run): string {
  const [model = "a processor"] = cpus().map((cpu) => cpu.model);
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const certificate = certificateOf(run).map(([name, figure]) => `| ${name} | ${figure} |`);
  const groups = Map.groupBy(run.cells, ({ group }) => group);
  return `# Chaos

Written by \`npm run chaos\`, which kills, freezes, slows and cuts off everything that can be, while people buy, and then
reads the stores. ${new Date().toISOString().slice(0, 10)}, on top of commit ${commit}; ${availableParallelism()} × ${model},
${gibibytes} GiB, Node ${process.versions.node}; ${Math.round(run.wallMs / 60_000)} minutes, seed ${run.seed}. The load of the
machine was ${run.loadBefore.toFixed(1)} before the run; a busy one is slower to come back, and breaks no law.

In every trial people buy two products. One is sold as any other is, while staff bring stock in and out and change the price;
the other is sold in a drop only, which an operator schedules, pauses, resumes and cancels. In some trials people also stand in
the line of a drop, are drawn and called, and order with their passes, or rebuild the gate, switch it off and on, refund orders
one by one or together, enter a restock file, and pick parcels, of which some are short.

## Certificate

| | |
| --- | --- |
${certificate.join("\n")}
${brokenSchedules(run)}
The laws, each of which has to stand at 0:

${laws.map(({ name, says }) => `- **${name}**: ${says}.`).join("\n")}

## Fault matrix

Orders tried; answered 202; confirmed; ended otherwise (not paid, cancelled, declined); units sold; reconciliations under
load; and the seconds from the mending, or from the death of a process, to the next order that was answered.
${[...groups].map(([title, cells]) => section(title, cells)).join("")}
## Planted bugs

After a healthy run each bug is done to the stores, and only its own law may speak.

| bug | law that spoke |
| --- | --- |
${run.caught.map(({ bug, spoke }) => `| ${bug} | ${spoke.join(", ") || "**none**"} |`).join("\n")}
`;
}

function brokenSchedules({ schedules }: Run): string {
  const lines =
    schedules?.violations.map(({ seed, law, says }) => `- schedule ${seed} broke *${law}*: ${says}\n`) ?? [];
  return lines.length > 0 ? `\n${lines.join("")}` : "";
}

function section(title: string, cells: readonly Done[]): string {
  const rows = cells.map(({ name, figures: f, faults }) => {
    const mark = faults.length === 0 ? "" : " **broken**";
    return `| ${name}${mark} | ${f.tried} | ${f.accepted} | ${f.confirmed} | ${f.failed} | ${f.sold} | ${f.samples} | ${seconds(f.recoveryMs)} |`;
  });
  const head = "| | tried | 202 | confirmed | ended otherwise | sold | samples | back after, s |";
  return `\n### ${title}\n\n${head}\n|${" --- |".repeat(8)}\n${rows.join("\n")}\n`;
}
