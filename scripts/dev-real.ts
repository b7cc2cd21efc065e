/**
 * `npm run dev:real`: the whole system on the real Redis, Kafka, PostgreSQL and Temporal, with the demo shop, until
 * Ctrl-C. Data, ports and passwords stay in `.data/servers`. `node scripts/provision.ts` brings the servers first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { loadOrCreateSecret } from "#identity";
import { startServers } from "./servers.ts";

const folder = ".data/servers";
const servers = await startServers({ folder });
const env = {
  ...process.env,
  ...servers.env,
  JWT_SECRET: await loadOrCreateSecret(folder),
  // There is no gateway in front on a developer's machine: a name is proof enough.
  TRUST_USER_HEADER: "true",
};
const dropgate = run("start");
// The terminal's Ctrl-C reaches all of us: the system first, then the servers below it.
process.on("SIGINT", () => {});
const ended = once(dropgate, "exit");
await Promise.race([ended, untilUp()]);
if (dropgate.exitCode === null) await once(run("seed"), "exit");
await ended;
await servers.stopAll();

function run(command: string): ChildProcess {
  return spawn(process.execPath, ["src/cli.ts", command], { env, stdio: "inherit" });
}

async function untilUp(): Promise<void> {
  const url = `http://127.0.0.1:${process.env.PORT ?? 8080}/actuator/health/readiness`;
  while (
    !(await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
