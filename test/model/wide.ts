/** `npm run model`: searches the larger worlds, which take minutes, after the ones that `npm test` searches. */
import { readOptions } from "../../scripts/options.ts";
import { search } from "./search.ts";
import { settings, wideSettings } from "./settings.ts";

const help = `npm run model

Searches every order of steps of the gate, the log and the books in small worlds, and in the larger ones that take
minutes. Prints the states of each world. Exit 1 with the shortest path to a broken law.

Example: npm run model`;

readOptions(help, {});
for (const setting of [...settings, ...wideSettings]) {
  const beganMs = performance.now();
  const { states, quiet, violation } = search(setting);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  console.log(`${violation ? "✗" : "✓"} ${setting.name}: ${states} states, ${quiet} of them at rest, ${seconds} s`);
  if (!violation) continue;
  console.log(`  ${violation.says}\n    ${violation.path.join("\n    ")}`);
  process.exitCode = 1;
}
