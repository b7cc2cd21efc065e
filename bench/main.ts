/** `npm run bench -- NAME …`: the benchmarks by name, or all of them. */
import { readOptions, refuse, wholeNumber } from "../scripts/options.ts";
import { findProgram } from "../test/servers/cache.ts";
import { provisionVegeta } from "../test/servers/generators.ts";
import type { Bench } from "./bench.ts";
import type { Run } from "./figures.ts";
import { ensureWrk } from "./generators/wrk.ts";
import { keep, readMachine, tableOf } from "./report.ts";
import { rows } from "./rows.ts";
import type { Engines } from "./stage.ts";

const help = `npm run bench -- [NAME …] [options]

Benchmarks, each on engines that it starts itself, with data of its own:
${Object.entries(rows)
  .map(([name, { says }]) => `  ${name.padEnd(10)} ${says}`)
  .join("\n")}
  all        all of them, in this order

  --on embedded|real|both   the engines (embedded; both for all)
  --pairs N                 pairs of runs beside the bare server (5)
  --seconds N               length of one run (3)
  --warm-up N               length of the run before the first one, which is not counted (15)
  --connections N           of the closed loops (64)
  --keep                    append to bench/history.ndjson, and write docs/benchmarks.md with its plots from the latest run of each row

The machine should do nothing else: compare figures of one run, not of two days.`;

await main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values, positionals } = readOptions(help, {
    allowPositionals: true,
    options: {
      on: { type: "string" },
      pairs: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      "warm-up": { type: "string", default: "15" },
      connections: { type: "string", default: "64" },
      keep: { type: "boolean", default: false },
    },
  });
  const asked = positionals.length === 0 ? ["accept"] : positionals;
  const names = asked.includes("all") ? Object.keys(rows) : asked;
  const unknown = names.filter((name) => !rows[name]);
  if (unknown.length > 0) refuse(`${unknown.join(", ")}: no such benchmark.\n\n${help}`);
  const engines = enginesOf(values.on ?? (asked.includes("all") ? "both" : "embedded"));
  const numbers = {
    pairs: wholeNumber("--pairs", values.pairs),
    seconds: wholeNumber("--seconds", values.seconds),
    warmUpSeconds: wholeNumber("--warm-up", values["warm-up"]),
    connections: wholeNumber("--connections", values.connections),
  };
  const needs = new Set(names.flatMap((name) => rows[name]?.needs ?? []));
  if (needs.has("wrk")) ensureWrk();
  if (needs.has("vegeta") && !findProgram("vegeta")) {
    console.log("vegeta is built, once");
    await provisionVegeta();
  }

  const machine = readMachine();
  const runs: Run[] = [];
  const planned = engines.flatMap((on) =>
    names.flatMap((name) => {
      const row = rows[name];
      return row && (row.on ?? [on]).includes(on) ? [{ on, name, row }] : [];
    }),
  );
  if (planned.length === 0) refuse(`${names.join(", ")}: not on ${engines.join(", ")} engines.`);
  const beganAll = performance.now();
  const failed: string[] = [];
  for (const { on, name, row } of planned) {
    const minutes = ((performance.now() - beganAll) / 60_000).toFixed(1);
    console.log(
      `\n${name}, ${on} engines (${runs.length + failed.length + 1} of ${planned.length}, ${minutes} min so far)`,
    );
    const began = performance.now();
    const figures = await row.run({ on, ...numbers, ...progress() }).catch((error: Error) => {
      // The other rows go on, and are kept.
      failed.push(`${name} on ${on} engines: ${error.message}`);
      console.error(`\n  failed: ${error.message}`);
      return undefined;
    });
    if (!figures) continue;
    const tookSeconds = Math.round((performance.now() - began) / 1000);
    const run = { name, on, figures, tookSeconds, ...numbers };
    runs.push(run);
    console.log(`\n\n${tableOf(run)}`);
  }
  if (values.keep && runs.length > 0) await keep(runs, machine);
  if (failed.length > 0) throw new Error(`failed:\n  ${failed.join("\n  ")}`);
}

function progress(): Pick<Bench, "says" | "step"> {
  return {
    step: (text) => process.stdout.write(`\n  ${text}`),
    says: (text) => process.stdout.write(`, ${text}`),
  };
}

function enginesOf(asked: string): Engines[] {
  if (asked === "both") return ["embedded", "real"];
  if (asked === "embedded" || asked === "real") return [asked];
  return refuse(`--on ${asked}: choose embedded, real or both.`);
}
