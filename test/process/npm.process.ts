/** A supervisor knows only npm's process: a signal to that process must reach the system. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Command, isAlive, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("npm as the process that a supervisor knows", { timeout: 400_000 }, () => {
  let folder: string;
  const commands: Command[] = [];
  const servers: number[] = [];

  before(async () => {
    // The package as it is, in a folder without a developer's .env.
    folder = await mkdtemp(join(tmpdir(), "dropgate-npm-"));
    await cp(join(root, "package.json"), join(folder, "package.json"));
    for (const name of ["src", "node_modules"]) await symlink(join(root, name), join(folder, name));
  });
  afterEach((t) => {
    if ("passed" in t && !t.passed) for (const { pid, output } of commands) console.log(`--- ${pid} said:\n${output}`);
  });
  after(async () => {
    for (const command of commands) command.kill("SIGKILL");
    // Dropgate and its PostgreSQL, if the fault that this file tests has come back.
    for (const pid of servers) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  async function run(...args: string[]): Promise<{ npm: Command; dropgate: number; postgres: number }> {
    const settings = { PORT: String(await freePort()), HOME: folder, npm_config_update_notifier: "false" };
    const npm = runCommand(folder, args, settings, ["npm"]);
    commands.push(npm);
    await npm.untilUp();
    const owner = JSON.parse(await readFile(join(folder, "data/postgres/owner.json"), "utf8"));
    const postgres = await readFile(join(folder, "data/postgres/data/postmaster.pid"), "utf8");
    const found = { npm, dropgate: Number(owner.pid), postgres: Number(postgres.split("\n")[0]) };
    servers.push(found.dropgate, found.postgres);
    return found;
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`O18: ${signal} to npm start stops the system, npm ends after it with code 0, and the folder is free`, async () => {
      const { npm, dropgate, postgres } = await run("start");
      npm.kill(signal);
      assert.equal(await npm.ended, 0);
      assert.deepEqual([isAlive(dropgate), isAlive(postgres)], [false, false]);
    });
  }

  test("O18: if npm's shell does not pass the signal on (npx), the system notices that npm has ended, and stops", async () => {
    const { npm, dropgate, postgres } = await run("exec", "--", "dropgate", "start");
    npm.kill("SIGTERM");
    await npm.ended;
    await eventually(() => !isAlive(dropgate) && !isAlive(postgres));
  });
});
