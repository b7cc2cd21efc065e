/** The benchmarks, as a person runs them on the real servers, which they start themselves. They install their generators. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "../support/command.ts";

const bench = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

describe("npm run bench", { timeout: 600_000 }, () => {
  test("O18: each run tells its figures beside their goals, and every 202 is in the books", async () => {
    const args = ["accept", "confirm", "--on", "real", "--pairs", "1", "--seconds", "1", "--warm-up", "1"];
    const command = runCommand(tmpdir(), args, {}, [process.execPath, bench]);
    assert.equal(await command.ended, 0, command.output);
    assert.match(command.output, /accept, burst ÷ bare +[\d.]+ ratio .* floor 0\.35, goal 0\.45/);
    assert.match(command.output, /accept, CPU of Redis +[\d.]+ µs an order/);
    assert.match(command.output, /writes, placed to CONFIRMED +[\d.]+ an order/);
  });

  test("a scenario of k6 that does not exist is named, and nothing starts", async () => {
    const load = fileURLToPath(new URL("../../load/main.ts", import.meta.url));
    const command = runCommand(tmpdir(), ["acept"], {}, [process.execPath, load]);
    assert.equal(await command.ended, 2, command.output);
    assert.match(command.output, /acept: no such scenario/);
  });

  test("an unknown benchmark is named, and nothing starts", async () => {
    const command = runCommand(tmpdir(), ["acept"], {}, [process.execPath, bench]);
    assert.equal(await command.ended, 2, command.output);
    assert.match(command.output, /acept: no such benchmark/);
  });
});
