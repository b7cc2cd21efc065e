/**
 * `npm run guide`: chapters 1 to 5 of the original deployment guide on the real Redis, Kafka, PostgreSQL and Temporal,
 * command by command as printed there, with each expected line beside the actual one. `npm run guide -- --split` runs
 * the services in processes of their own, behind the gateway. Exit 1 unless everything is as expected.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readOptions } from "../../../scripts/options.ts";
import { binFolder } from "../../servers/cache.ts";
import { startServers } from "../../servers/servers.ts";
import { type Command, runCommand } from "../../support/command.ts";
import { freePort, isFree } from "../../support/free-port.ts";
import { chapters, type Step } from "./chapters.ts";

const help = `npm run guide -- [options]

Runs chapters 1 to 5 of the original deployment guide on the real Redis, Kafka, PostgreSQL and Temporal, command by
command, and prints each expected line beside the actual one. Exit 1 unless everything is as expected.

  --split    the services in processes of their own, behind the gateway

Example: npm run guide -- --split`;

const { split } = readOptions(help, { options: { split: { type: "boolean", default: false } } }).values;
const folder = mkdtempSync(join(tmpdir(), "dropgate-guide-"));

console.log(`$ docker-compose up -d
    here the same servers run as processes, without containers: what the guide
    has after "docker exec NAME" is run as it stands there`);
const ports = { kafka: await portOr(9092), redis: await portOr(6379) };
const servers = await startServers({ folder, ports });
const settings = {
  ...servers.env,
  PORT: String(await portOr(8080)),
  JWT_SECRET: randomBytes(32).toString("hex"),
  // The guide's order names its customer by X-User-Id alone.
  TRUST_USER_HEADER: "true",
};
const commands: Command[] = [];
let wrong = 0;
try {
  await startDropgate();
  await said(dropgate("seed"));
  const adminToken = (await said(dropgate("token", "--role", "ADMIN"))).trim();
  for (const { title, steps } of chapters) {
    console.log(`\n${title}`);
    for (const step of steps) wrong += (await take(step, adminToken)) ? 0 : 1;
  }
  console.log(`\n${wrong === 0 ? "Everything is as the guide expects." : `${wrong} not as the guide expects.`}`);
} catch (error) {
  wrong += 1;
  console.error(error, ...commands.map(({ output }) => output));
} finally {
  for (const command of commands.toReversed()) command.kill("SIGTERM");
  await Promise.all(commands.map((command) => command.ended));
  await servers.stopAll();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = wrong === 0 ? 0 : 1;

async function startDropgate(): Promise<void> {
  if (!split) return void (await dropgate("start").untilUp());
  const apart: Record<string, string[]> = {
    PRODUCT_URL: ["product"],
    INVENTORY_URL: ["settlement,inventory"],
    DROP_URL: ["drop"],
    ORDER_URL: ["order", "order"],
    PAYMENT_URL: ["payment,fulfilment"],
  };
  const addresses: Record<string, string> = {};
  for (const [setting, groups] of Object.entries(apart)) {
    const started = groups.map(async (services) =>
      runAt(String(await freePort()), "start", `--services=${services}`).untilUp(),
    );
    addresses[setting] = (await Promise.all(started)).join(",");
  }
  await runAt(settings.PORT, "start", "--services=gateway", addresses).untilUp();
}

function dropgate(...args: string[]): Command {
  return runAt(settings.PORT, ...args);
}

function runAt(PORT: string, ...args: (string | Record<string, string>)[]): Command {
  const words = args.filter((arg) => typeof arg === "string");
  const more = args.find((arg) => typeof arg === "object");
  const command = runCommand(folder, words, { ...settings, ...more, PORT });
  commands.push(command);
  return command;
}

async function said(command: Command): Promise<string> {
  const code = await command.ended;
  if (code !== 0) throw new Error(`a command ended with ${code}:\n${command.output}`);
  return command.output;
}

/** Runs one step, prints it, and returns whether it went as expected. */
async function take(step: Step, adminToken: string): Promise<boolean> {
  const judged = async () => step.judge(await shell(step.command.replaceAll("<ADMIN_TOKEN>", adminToken)));
  let last = await judged();
  for (let again = 0; step.patient && !last.ok && again < 60; again += 1) {
    await sleep(1_000);
    last = await judged();
  }
  console.log(`  $ ${step.command.replaceAll("\n", "\n    ")}
    expected  ${step.expected}
    seen      ${last.seen}
    ${last.ok ? "ok" : "NOT AS EXPECTED"}`);
  return last.ok;
}

/** The text for bash, with the ports of this run if the guide's own were taken. */
function shell(command: string): Promise<string> {
  const { redis } = servers;
  const here = command
    .replaceAll("localhost:8080", `localhost:${settings.PORT}`)
    .replaceAll("localhost:9092", servers.env.KAFKA_BOOTSTRAP as string);
  const preface = `docker() { shift 2; "$@"; }\nredis-cli() { command redis-cli -p ${redis.port} "$@"; }\n`;
  const env = {
    ...process.env,
    REDISCLI_AUTH: redis.password,
    PATH: `${binFolder}${delimiter}${process.env.PATH ?? ""}`,
  };
  return new Promise((resolve) => {
    execFile("bash", ["-c", preface + here], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve(error ? `${stdout}${stderr}` || error.message : stdout);
    });
  });
}

/** The guide's own port if it is free. */
async function portOr(wanted: number): Promise<number> {
  return (await isFree(wanted)) ? wanted : freePort();
}
