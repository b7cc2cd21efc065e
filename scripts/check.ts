/**
 * `npm run check`: every rule about the source that a machine can check, the same here and in CI. Each step has a name
 * and runs even if an earlier one failed. `npm run check -- --tests` runs the tests too.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { alertFaults } from "./alerts.ts";
import { compatibilityFaults } from "./compatibility.ts";
import { generatedFiles } from "./generated.ts";
import { readOptions } from "./options.ts";
import { pageFaults } from "./pages.ts";
import { tidyFaults } from "./tidy.ts";
import { unusedMembers } from "./unused-members.ts";

/** Returns the faults in the words of the tool that found them; an empty text if there are none. */
type Step = { name: string; findFaults(): Promise<string> };

const steps: Step[] = [
  tool("format and lint", "biome", "check", "--error-on-warnings", "--max-diagnostics=20"),
  tool("types", "tsc", "--project", "."),
  tool("types of pages", "tsc", "--project", "web"),
  tool("types of console", "tsc", "--project", "web/console"),
  tool("walls", "depcruise", "--config", ".dependency-cruiser.cjs", "src", "test", "bench", "load", "scripts", "web"),
  tool("unused code", "knip"),
  // Code that only tests use is not part of the product: it is deleted, finished, or moved to a file of tests.
  tool("used by tests only", "knip", "--production"),
  { name: "unused members", findFaults: async () => (await unusedMembers()).join("\n") },
  { name: "generated files", findFaults: findStale },
  { name: "pages", findFaults: async () => (await pageFaults()).join("\n") },
  { name: "compatibility", findFaults: async () => (await compatibilityFaults()).join("\n") },
  { name: "alerts", findFaults: async () => (await alertFaults()).join("\n") },
  { name: "tidy", findFaults: async () => (await tidyFaults()).join("\n") },
];

const help = `npm run check -- [options]

Checks every rule about the source that a machine can check. Exit 1 if a step finds a fault.

  --tests   run the tests too`;

const { values } = readOptions(help, { options: { tests: { type: "boolean", default: false } } });
if (values.tests) steps.push(tool("tests", "npm", "test"));

let failed = 0;
for (const { name, findFaults } of steps) {
  const begun = performance.now();
  const faults = await findFaults().catch((error) => String(error?.stack ?? error));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${faults ? "✗" : "✓"} ${name.padEnd(18)} ${seconds.padStart(5)} s`);
  if (faults) console.log(`\n${faults.trim().replaceAll(/^(?=.)/gm, "    ")}\n`);
  if (faults) failed += 1;
}
if (failed > 0) console.log(`${failed} of ${steps.length} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** `npm run` has put node_modules/.bin first on PATH, and with it the pinned Node. */
function tool(name: string, program: string, ...args: string[]): Step {
  return {
    name,
    findFaults: () =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
        child.once("error", (cause) => reject(new Error(`${program} cannot be run: use npm run check`, { cause })));
        child.once("close", (code) => resolve(code === 0 ? "" : output || `${program} ended with ${code}`));
      }),
  };
}

async function findStale(): Promise<string> {
  const stale: string[] = [];
  for (const [path, text] of await generatedFiles()) {
    if (!existsSync(path)) stale.push(`${path} is missing`);
    else if ((await readFile(path, "utf8")) !== text) stale.push(`${path} is not what the source says`);
  }
  return stale.length > 0 ? `${stale.join("\n")}\nnpm run generate writes them; read the diff, it is the review.` : "";
}
