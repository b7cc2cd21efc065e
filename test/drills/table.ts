/** Writes the figures of the drills into the guide. */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type DrillResult, seconds } from "./drill.ts";
import { drills } from "./drills.ts";

const page = new URL("../../docs/guide/recovery.md", import.meta.url);
const begin = "<!-- drills: written by npm run drill -- --all --write -->";
const end = "<!-- end of drills -->";

export async function writeTable(results: readonly DrillResult[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const [before = "", rest = ""] = text.split(begin);
  const [, after = ""] = rest.split(end);
  await writeFile(page, `${before}${begin}\n${tableOf(results)}\n${end}${after}`);
}

function tableOf(results: readonly DrillResult[]): string {
  const rows = results.map(({ name, recoveryMs, restMs, figures, lost, broken }) => {
    const { title, runbook } = drills.find((drill) => drill.name === name) ?? { title: name, runbook: "" };
    const losses = lost.join("; ") || "nothing";
    const verdict = broken.length === 0 ? "hold" : broken.map((line) => line.split("\n")[0]).join("; ");
    const link = `[${name}](${runbook.replace("docs/guide/recovery.md", "")})`;
    return `| ${link} | ${title} | ${seconds(recoveryMs)} | ${seconds(restMs)} | ${figures.accepted} | ${losses} | ${verdict} |`;
  });
  const head =
    "| drill | what is damaged | no order accepted for, s | at rest after, s | accepted orders | lost | laws |";
  const on = `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} processor cores for servers, shop and buyers.`;
  return `${on}\n\n${head}\n|${" --- |".repeat(7)}\n${rows.join("\n")}`;
}
