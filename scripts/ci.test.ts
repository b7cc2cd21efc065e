/** What .ci/run prints at its end, with an npm whose steps are small. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../.ci/run", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dropgate-ci-"));
after(() => rmSync(folder, { recursive: true }));

const suites = [
  "npm run test:process",
  "npm run test:real",
  "npm run test:e2e",
  "npm run chaos -- --quick",
  "npm run simulate -- --seeds 10000 --threads 1",
];

/** Runs .ci/run with `steps` in place of npm's: a shell command for each step that matters. */
function runWith(steps: Record<string, string>) {
  const cases = Object.entries(steps).map(([name, command]) => `"${name}") ${command};;`);
  const npm = `#!/bin/sh\ncd '${folder}'\ncase "$*" in ${cases.join("\n")}\nesac\n`;
  writeFileSync(join(folder, "npm"), npm, { mode: 0o755 });
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync(script, { env: { ...env, PATH: `${folder}:${env.PATH}` }, encoding: "utf8" });
  return { lines: stdout.trimEnd().split("\n"), status };
}

test("CI prints each failing test again with its whole error, before the count in the last line", () => {
  writeFileSync(
    join(folder, "a.test.mjs"),
    `import { test } from "node:test";
    test("a law that holds", () => {});
    test("a law that is broken", () => { throw new Error("7 units too many", { cause: new Error("the reason") }); });`,
  );
  writeFileSync(join(folder, "b.test.mjs"), `console.error("the socket is still open"); process.exit(1);`);
  const runner = `'${process.execPath}' --test --test-reporter=spec a.test.mjs b.test.mjs`;
  const more = "for i in $(seq 500); do echo more; done";
  const { lines, status } = runWith({
    test: runner,
    "run check": "echo no types; exit 1",
    "run test:e2e": more,
    "run simulate -- --seeds 10000 --threads 1": "echo seed 7 broke a law; exit 1",
  });
  // 5 steps without tests, the test that holds; the broken one, the file that ended, the check and the simulation.
  assert.equal(lines.at(-1), "6 passed, 4 failed");
  assert.equal(status, 1);
  const end = lines.slice(lines.lastIndexOf("more") + 1).join("\n");
  const failures = ["== failed: npm run check", "no types", "== failed: npm test", "✖ a law that is broken"];
  for (const told of [...failures, "== failed: npm run simulate", "seed 7 broke a law"]) {
    assert.ok(end.includes(told), `${told} is not in:\n${end}`);
  }
  assert.match(end, /Error: 7 units too many.*\[cause\]: Error: the reason/s);
  assert.match(end, /the last words of b\.test\.mjs:.*the socket is still open\n✖ b\.test\.mjs/s);
});

test("CI prints how long each step took, and the count at its end, if every step passes", () => {
  const { lines, status } = runWith({ test: "sleep 2" });
  const times = lines.slice(lines.indexOf("How long each step took:") + 1, -2);
  assert.deepEqual(
    times.map((line) => line.replace(/^ *\d+ s {2}/, "")),
    ["npm ci", "npm run check", "npm test", ...suites],
  );
  assert.match(times[2] ?? "", /^ *[2-9] s /);
  assert.deepEqual(lines.slice(-2), ["", "8 passed, 0 failed"]);
  assert.equal(status, 0);
});
