import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { wholeNumber } from "./whole-number.ts";

test("a number of a command line is whole and large enough, or the error names the option", () => {
  assert.equal(wholeNumber("--seeds", "300"), 300);
  assert.equal(wholeNumber("--seed", "0", 0), 0);
  for (const text of ["x", "", " ", "0", "-1", "1.5", "1e400", "1k"]) {
    assert.throws(() => wholeNumber("--seeds", text), /^Error: --seeds .*: choose a whole number from 1$/, text);
  }
});

test("a simulation of no schedules fails, since it shows nothing", () => {
  for (const option of ["--seeds", "--from", "--seed"]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["test/simulation/main.ts", option, "x"]);
    assert.equal(status, 1, String(stdout));
    assert.match(String(stderr), new RegExp(`${option} x: choose a whole number`));
  }
});
