/** Writes what was measured about a line as a table, with a column for each share of people who stay away. */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { short } from "../figures.ts";
import { shares } from "./people.ts";

export type Figure = { metric: string; unit: string; values: readonly number[] };

export type Column = { leavers: number; figures: readonly Figure[] };

export function tableOf(columns: readonly Column[]): string {
  const names = columns[0]?.figures.map(({ metric, unit }) => `${metric} (${unit})`) ?? [];
  const rows = names.map((name, i) => [name, ...columns.map(({ figures }) => textOf(figures[i]))]);
  const head = ["", ...columns.map(({ leavers }) => `${leavers * 100} % stay away`)];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function textOf(figure: Figure | undefined): string {
  return figure ? figure.values.map(short).join(", ") : "";
}

export async function keepPage(columns: readonly Column[], options: readonly string[]): Promise<void> {
  const command = ["npm run bench:line --", ...options].join(" ");
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim();
  const day = new Date().toISOString().slice(0, 10);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const percent = (share: number) => `${share * 100} %`;
  const page = `# The line of a drop under a crowd

\`${command}\` wrote this page at commit ${commit} on ${day}. The machine has ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), which the
people, the shop and its database share; its load was ${load}. Compare the columns: a figure holds for this machine alone.

Each column is a drop of its own. ${percent(1 - shares.late)} of the people join before it opens, beside a sale of another product; the others join within
40 s after the opening. ${percent(shares.tenTabs)} act in ten tabs at once. Of those who come, ${percent(shares.lapses)} take a pass and do not order, and ${percent(shares.cancels)} order and
cancel. The run fails unless each person has one place and the places have no gaps, no pass finds the shop sold out, all units
are ordered and paid, gate and books agree, and \`dropgate verify\` accepts the published files with the receipts of all people.

${tableOf(columns)}
`;
  await writeFile(new URL("../../docs/line.md", import.meta.url), page);
  console.log("\nkept in docs/line.md");
}
