/** `npm run model`: searches the larger worlds, which take minutes, after the ones that `npm test` searches. */
import { search } from "./search.ts";
import { settings, wideSettings } from "./settings.ts";

for (const setting of [...settings, ...wideSettings]) {
  const beganMs = performance.now();
  const { states, quiet, violation } = search(setting);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  console.log(`${violation ? "✗" : "✓"} ${setting.name}: ${states} states, ${quiet} of them at rest, ${seconds} s`);
  if (!violation) continue;
  console.log(`  ${violation.says}\n    ${violation.path.join("\n    ")}`);
  process.exitCode = 1;
}
