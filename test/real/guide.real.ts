import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";

describe("the deployment guide, command by command as printed", () => {
  for (const [how, args] of [
    ["by one process", []],
    ["by services apart, behind the gateway", ["--split"]],
  ] as const) {
    test(`shows what the guide expects, served ${how}`, { timeout: 600_000 }, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["test/guide/literal/run.ts", ...args], {
        encoding: "utf8",
      });
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      console.log(stdout);
    });
  }
});
