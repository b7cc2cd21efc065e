/** The runner of the tests as this repository sets it up: no error is lost, though it does not follow promises. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const leakCheck = fileURLToPath(new URL("../support/leak-check.ts", import.meta.url));

describe("a test file fails for an error that no test awaits, and shows where it was made", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-runner-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [what, statement] of [
    ["a promise that is rejected", `Promise.reject(new Error("not awaited"));`],
    ["an error thrown in a timer", `setTimeout(() => { throw new Error("not awaited"); }, 1);`],
    ["a promise that is rejected after the test", `setTimeout(async () => { throw new Error("not awaited"); }, 60);`],
  ] as const) {
    test(what, async () => {
      const file = join(folder, `${what.replaceAll(" ", "-")}.test.mjs`);
      const wait = "await sleep(50);";
      await writeFile(
        file,
        `import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
test("first", async () => { await 1; ${statement} ${wait} });
test("second", async () => { ${wait} });
`,
      );
      // The variable would have the runner take this run for a part of its own.
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const args = ["--test", `--import=${leakCheck}`, "--test-reporter=spec", file];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
      assert.equal(status, 1, stdout);
      assert.match(stdout + stderr, /Error: not awaited\n(.*\n)*? +at .*\.test\.mjs:3:\d+/);
    });
  }
});
