import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { commandOf, stopLeftover } from "./leftover.ts";
import { createServerProcess, type ServerPlan } from "./process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dropgate-process-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A server that is ready once its log says so. */
function planOf(program: string, more: Partial<ServerPlan> = {}): ServerPlan {
  return {
    name: "sample",
    folder,
    command: [process.execPath, "-e", program],
    stopSignal: "SIGTERM",
    readyWithinMs: 20_000,
    prepare() {},
    async ask() {
      assert.match(readFileSync(join(folder, "server.log"), "utf8"), /ready/);
    },
    ...more,
  };
}

const servingProgram = `setInterval(() => {}, 1000); console.log("ready")`;

test("a server runs until it is stopped, and starts again under another process id", async () => {
  const server = createServerProcess(planOf(servingProgram));
  await server.start();
  const first = server.pid;
  assert.ok(first && commandOf(first));
  await server.stop();
  assert.equal(server.pid, undefined);
  assert.ok(!commandOf(first));
  await server.start();
  assert.notEqual(server.pid, first);
  await server.kill();
  assert.equal(server.pid, undefined);
});

test("a paused server is stopped like any other", async () => {
  const server = createServerProcess(planOf(servingProgram));
  await server.start();
  await server.kill("SIGSTOP");
  assert.ok(server.pid);
  await server.stop();
  assert.equal(server.pid, undefined);
});

test("a server that ends while it starts is reported with the end of its log", async () => {
  const server = createServerProcess(planOf(`console.error("the disk is full"); process.exit(3)`));
  await assert.rejects(server.start(), /sample ended while it started.*the disk is full/s);
});

test("a server that does not answer in time is reported with the reason, and does not go on running", async () => {
  const ask = () => Promise.reject(new Error("no answer"));
  const server = createServerProcess(planOf(servingProgram, { ask, readyWithinMs: 300 }));
  await assert.rejects(server.start(), /did not answer within 0.3 s: Error: no answer/);
  assert.equal(server.pid, undefined);
});

test("a fault that passes by itself does not fail the start", async () => {
  const program = `
    const { existsSync, writeFileSync } = require("node:fs");
    if (!existsSync("tried")) { writeFileSync("tried", ""); console.error("still in use"); process.exit(1); }
    ${servingProgram}`;
  const server = createServerProcess(planOf(program, { passingFault: /still in use/ }));
  await server.start();
  assert.ok(server.pid);
  await server.stop();
});

test("a server stopped while its data is made is not launched afterwards", async () => {
  const made = Promise.withResolvers<void>();
  const server = createServerProcess(planOf(servingProgram, { prepare: () => made.promise }));
  const starting = assert.rejects(server.start(), /was stopped while it started/);
  await server.stop();
  made.resolve();
  await starting;
  assert.equal(server.pid, undefined);
});

test("servers that a runner killed with -9 leaves are found and stopped by the next", async () => {
  const runner = spawn(
    process.execPath,
    ["--input-type=module-typescript", "-e", runnerProgram, folder, servingProgram],
    {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [printed] = await once(runner.stdout, "data");
  const pid = Number(printed);
  runner.kill("SIGKILL");
  await once(runner, "exit");
  assert.ok(commandOf(pid), "it survives its runner");
  assert.equal(await stopLeftover(folder), pid);
  assert.ok(!commandOf(pid));
  assert.equal(await stopLeftover(folder), undefined);
});

const runnerProgram = `
  import { createServerProcess } from "./process.ts";
  const [, folder, program] = process.argv;
  const server = createServerProcess({
    name: "sample", folder, command: [process.execPath, "-e", program], stopSignal: "SIGTERM",
    readyWithinMs: 20_000, prepare() {}, async ask() {},
  });
  await server.start();
  console.log(server.pid);
  setInterval(() => {}, 1_000);
`;
