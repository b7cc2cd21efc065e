/** `npm run drill -- NAME`: runs recovery drills on fresh real servers, and prints steps, time, losses and the laws' verdict. */
import { readOptions, refuse } from "../../scripts/options.ts";
import { type DrillResult, runDrill, seconds } from "./drill.ts";
import { drills } from "./drills.ts";
import { openDrillStage } from "./stage.ts";
import { writeTable } from "./table.ts";

const help = `npm run drill -- NAME...

Starts Redis, Kafka, PostgreSQL, Temporal and the processes of a shop on this machine, lets buyers order, damages one
server, recovers by the steps of its runbook, and prints the time, what was lost, and which laws are broken. It never
touches a shop that runs already. Exit 1 if a law is broken.

${drills.map(({ name, title }) => `  ${name.padEnd(27)} ${title}`).join("\n")}

  --all                       every drill, one after another on the same servers
  --write                     with --all: write the figures into docs/guide/recovery.md

Example: npm run drill -- redis-lost`;

const { values, positionals } = readOptions(help, {
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const unknown = positionals.filter((name) => !drills.some((drill) => drill.name === name));
if (unknown.length > 0) refuse(`no drill is named ${unknown.join(", ")}: npm run drill -- --help lists them`);
if (positionals.length === 0 && !values.all) {
  console.log(help);
} else {
  const results = await runAll(drills.filter(({ name }) => values.all || positionals.includes(name)));
  if (values.write && values.all) await writeTable(results);
  if (results.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

async function runAll(chosen: typeof drills): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  console.log("starting the servers and the shop");
  const stage = await openDrillStage();
  try {
    for (const drill of chosen) {
      console.log(`\n${drill.name}: ${drill.title} (${drill.runbook})`);
      const begunMs = performance.now();
      const result = await runDrill(stage, drill, (step) => {
        console.log(`  ${seconds(performance.now() - begunMs).padStart(6)} s  ${step}`);
      });
      results.push(result);
      for (const line of linesOf(result)) console.log(`  ${line}`);
    }
  } finally {
    await stage.close();
  }
  return results;
}

function linesOf({ recoveryMs, restMs, figures, lost, broken }: DrillResult): string[] {
  const { accepted, confirmed, endedOtherwise, takenBack, refunded } = figures;
  return [
    `time to recover: no order was accepted for ${seconds(recoveryMs)} s at most; all was at rest ${seconds(restMs)} s after the damage`,
    `orders: ${accepted} accepted, ${confirmed} confirmed, ${endedOtherwise} ended otherwise, ${refunded} payments given back`,
    `lost: ${lost.join("; ") || "nothing"}${takenBack > 0 ? `; ${takenBack} orders have another end than their buyers saw` : ""}`,
    `laws: ${broken.length === 0 ? "none is broken" : broken.join("\n  ")}`,
  ];
}
