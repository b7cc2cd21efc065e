/** The scripts of package.json that take options print them with --help, and do nothing else. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { promisify } from "node:util";

const programs = {
  simulate: "test/simulation/main.ts",
  chaos: "test/crash/chaos.ts",
  model: "test/model/wide.ts",
  guide: "test/guide/literal/run.ts",
  "web:dev": "web/dev.ts",
  "web:build": "web/build.ts",
  sizing: "scripts/sizing.ts",
  docs: "scripts/docs.ts",
} as const;

describe("--help", { concurrency: 2 }, () => {
  for (const [script, path] of Object.entries(programs)) {
    test(`npm run ${script} -- --help says what it does, each of its options and an example`, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [path, "--help"]);
      assert.ok(stdout.startsWith(`npm run ${script}`), stdout);
      assert.match(stdout, new RegExp(`\\nExample: npm run ${script}`));
      const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
      assert.ok(scripts[script]?.endsWith(path), `npm run ${script} runs another file`);
      const source = await readFile(path, "utf8");
      const options = [...source.matchAll(/^ +(\w+): \{ type: "(?:string|boolean)"/gm)].map(([, name]) => name);
      for (const option of options.filter((name) => name !== "help"))
        assert.ok(stdout.includes(`--${option} `), option);
    });
  }
});
