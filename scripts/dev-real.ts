/**
 * `npm run dev:real`: the whole system on the real Redis, Kafka, PostgreSQL and Temporal, with the demo shop, until
 * Ctrl-C. Data, ports and passwords stay in `.data/servers`. `node scripts/provision.ts` brings the servers first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadOrCreateSecret } from "#identity";
import { readEnvFile } from "#platform/config";
import { exportsOf, startServers } from "../test/servers/servers.ts";
import { readOptions } from "./options.ts";
import { startFlags } from "./start-flags.ts";

const help = `npm run dev:real

Runs the whole system on Redis, Kafka, PostgreSQL and Temporal of its own, with the demo shop, until Ctrl-C.
The data stay in DATA_DIR/servers; PORT is the shop's port.`;
readOptions(help, {});

await runAll().catch((error: Error) => {
  console.error(`\nThe servers did not start: ${error.message}`);
  process.exitCode = 1;
});

async function runAll(): Promise<void> {
  const given = { ...readEnvFile(".env").values, ...process.env };
  const dataDir = given.DATA_DIR || ".data";
  const secret = given.JWT_SECRET || given.JWT_SECRET_FILE ? {} : await secretOf(dataDir);

  let dropgate: ChildProcess | undefined;
  const stopFirst = async () => {
    if (!dropgate || dropgate.exitCode !== null || dropgate.signalCode !== null) return;
    dropgate.kill("SIGTERM");
    await once(dropgate, "exit");
  };
  const servers = await startServers({ folder: join(dataDir, "servers"), stopFirst });
  // On a developer's machine a name is enough to identify a customer, because there is no gateway in front.
  const port = given.PORT || "8080";
  const env = { ...servers.env, ...secret, TRUST_USER_HEADER: "true", PORT: port };
  const run = (command: string) =>
    spawn(process.execPath, [...startFlags, "src/cli/cli.ts", command], {
      env: { ...process.env, ...env },
      stdio: "inherit",
    });

  dropgate = run("start");
  const ended = once(dropgate, "exit");
  await Promise.race([ended, untilReady(port)]);
  if (dropgate.exitCode === null && dropgate.signalCode === null) {
    await once(run("seed"), "exit");
    console.log(
      `\n  For redis-cli, kafka-topics, psql and dropgate in another terminal, paste:\n\n${exportsOf(env)}\n`,
    );
  }
  await ended;
  await servers.stopAll();
  process.exitCode = dropgate.exitCode ?? 1;
}

/** `npm run token` looks for it here too, so its tokens are valid here without any setting. */
async function secretOf(dataDir: string): Promise<Record<string, string>> {
  await loadOrCreateSecret(dataDir);
  return { JWT_SECRET_FILE: resolve(dataDir, "jwt-secret") };
}

async function untilReady(port: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/actuator/health/readiness`;
  const isReady = () =>
    fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
  while (!(await isReady())) await sleep(200);
}
