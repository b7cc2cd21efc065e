/** The benchmark, as a person runs it twice in a row. It installs its load generator, wrk, if it may. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Servers, startServers } from "../servers/servers.ts";
import { runCommand } from "../support/command.ts";

const bench = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

describe("npm run bench", { timeout: 300_000 }, () => {
  let folder: string;
  let servers: Servers<"redis" | "postgres">;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-bench-"));
    await chmod(folder, 0o755); // PostgreSQL runs as another user if this process is root.
    servers = await startServers({ folder, which: ["redis", "postgres"] });
  });
  after(async () => {
    await servers.stopAll();
    await rm(folder, { recursive: true, force: true });
  });

  for (const time of ["first", "second"]) {
    test(`O18: the ${time} run on the same servers prints its conditions, and every 202 is in the books`, async () => {
      const args = ["--pairs", "1", "--seconds", "1"];
      const command = runCommand(folder, args, servers.env, [process.execPath, bench]);
      assert.equal(await command.ended, 0, command.output);
      assert.match(command.output, /pair 1: system server, 1 s, \d+\/s; backlog settled in/);
      assert.match(command.output, /reconcile OK/);
    });
  }
});
