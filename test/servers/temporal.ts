/** Runs Temporal's development server: the real server over SQLite, in one process. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, goProgram, missing, type Provision, run } from "./cache.ts";
import type { ServersFolder } from "./folder.ts";
import type { ServerPlan } from "./process.ts";

/** The last version that installs: `go install` refuses the `replace` lines of later ones. */
const temporalVersion = "1.5.1";

export function provisionTemporal(): Promise<Provision> {
  const named = `-X github.com/temporalio/cli/temporalcli.Version=${temporalVersion}`;
  return goProgram("temporal", "github.com/temporalio/cli/cmd/temporal", temporalVersion, named);
}

export async function temporalServer(within: ServersFolder, wantedPort?: number) {
  const folder = join(within.path, "temporal");
  const program = findProgram("temporal") ?? missing("temporal");
  const address = { address: `127.0.0.1:${await within.port("temporal", wantedPort)}` };
  const database = join(folder, "temporal.db");
  const complete = join(folder, "complete");
  // The caller's own Temporal profile (addresses, keys, TLS) must not reach the server or the check.
  const env = { HOME: folder, XDG_CONFIG_HOME: folder };

  const plan: ServerPlan = {
    name: "temporal",
    folder,
    command: [
      program,
      "server",
      "start-dev",
      "--headless",
      "--ip",
      "127.0.0.1",
      "--port",
      portOf(address.address),
      "--db-filename",
      database,
      ...speedFlags,
    ],
    env,
    stopSignal: "SIGTERM",
    readyWithinMs: 180_000,
    prepare() {
      // The schema is written only into a new file, so an interrupted one would stay incomplete.
      if (existsSync(complete)) return;
      for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(database + suffix, { force: true });
    },
    async ask() {
      const question = ["operator", "namespace", "describe", "--namespace", "default", "--address", address.address];
      await run(program, question, { timeoutMs: 5_000, env });
      writeFileSync(complete, "");
    },
  };
  return { plan, address, env: { TEMPORAL_ADDRESS: address.address } };
}

/**
 * Measured on two busy cores: the write-ahead log gives two to four times the workflows a second for half the processor
 * time, and still survives a kill (a crash of the machine may lose the last moments). One partition for each task queue
 * avoids passing tasks between the usual four, which saves another seventh of the processor time.
 */
const speedFlags = [
  ...["journal_mode=wal", "synchronous=normal"].flatMap((pragma) => ["--sqlite-pragma", pragma]),
  ...["matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1"].flatMap((value) => [
    "--dynamic-config-value",
    value,
  ]),
];

function portOf(address: string) {
  return address.slice(address.lastIndexOf(":") + 1);
}
