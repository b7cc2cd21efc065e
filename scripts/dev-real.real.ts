/** `npm run dev:real` as a developer uses it: the test pastes its output, and tells npm to stop. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Command, runCommand } from "../test/support/command.ts";
import { eventually } from "../test/support/eventually.ts";
import { freePort, isFree } from "../test/support/free-port.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("npm run dev:real", { timeout: 600_000 }, () => {
  let folder: string;
  let npm: Command;
  let origin: string;
  let exported: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-dev-real-"));
    await chmod(folder, 0o755); // PostgreSQL runs as another user if this process is root.
    await cp(join(root, "package.json"), join(folder, "package.json"));
    for (const name of ["src", "scripts", "node_modules"]) await symlink(join(root, name), join(folder, name));
    const settings = { PORT: String(await freePort()), HOME: process.env.HOME ?? folder, DATA_DIR: ".data" };
    npm = runCommand(folder, ["run", "dev:real"], settings, ["npm"]);
    origin = await npm.untilUp();
    exported = await eventually(() => /paste:\n\n((?:export .*\n)+)\n/.exec(npm.output)?.[1]);
  });
  after(async () => {
    npm.kill("SIGTERM");
    await npm.ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** Another terminal, without any setting of the first one. */
  async function paste(script: string): Promise<string> {
    const { PATH, HOME } = process.env;
    const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd: folder, env: { PATH, HOME } });
    return stdout;
  }

  test("O18: the banner's token command, pasted as it stands, makes a token that is accepted", async () => {
    const command = /(npm run --silent token .*?) {2,}/.exec(npm.output)?.[1] ?? assert.fail(npm.output);
    const authorization = `Bearer ${(await paste(command)).trim()}`;
    assert.equal((await fetch(`${origin}/admin/reconcile`, { headers: { authorization } })).status, 200);
  });

  test("O18: with the lines that it prints, redis-cli, kafka-topics and dropgate reach the running servers", async () => {
    assert.equal(await paste(`${exported}REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -p $REDIS_PORT ping`), "PONG\n");
    const topics = await paste(`${exported}kafka-topics --bootstrap-server $KAFKA_BOOTSTRAP --list`);
    assert.match(topics, /^orders\.reservations$/m);
    assert.match(await paste(`${exported}npm exec --offline -- dropgate seed`), /The demo shop is there already/);
  });

  test("O18: SIGTERM to npm stops the system first and then every server", async () => {
    const port = (name: string) => Number(new RegExp(`^export ${name}=\\D*(?:.*:)?(\\d+)`, "m").exec(exported)?.[1]);
    const ports = [port("REDIS_PORT"), port("KAFKA_BOOTSTRAP"), port("TEMPORAL_ADDRESS"), Number(new URL(origin).port)];
    npm.kill("SIGTERM");
    await npm.ended;
    for (const one of ports) assert.ok(await isFree(one), `something listens on ${one} still`);
    assert.doesNotMatch(npm.output, /"level":"error"/);
  });
});
