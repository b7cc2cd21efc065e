/**
 * The real servers themselves: `node --test test/servers/servers.real.ts`, after `node scripts/provision.ts`. Not a
 * `.test.ts`, because `npm test` needs no server.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import pg from "pg";
import { until } from "../support/until.ts";
import { findProgram, run } from "./cache.ts";
import { commandOf } from "./leftover.ts";
import { type ServerName, type Servers, serverNames, startServers } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "dropgate-servers-"));
let servers: Servers;
before(async () => {
  servers = await startServers({ folder });
});
after(async () => {
  await servers.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

function tool(name: string, ...args: string[]) {
  return run(findProgram(name) ?? name, args, { timeoutMs: 180_000 });
}

function redis(...args: string[]) {
  return tool(
    "redis-cli",
    "-p",
    String(servers.redis.port),
    "--no-auth-warning",
    "-a",
    servers.redis.password,
    ...args,
  );
}

function topics(...args: string[]) {
  return tool("kafka-topics", "--bootstrap-server", servers.kafka.bootstrap, ...args);
}

function workflow(verb: string, ...args: string[]) {
  return tool("temporal", "workflow", verb, "--address", servers.temporal.address, "--workflow-id", "order-1", ...args);
}

async function sql(text: string): Promise<unknown[]> {
  const client = new pg.Client(servers.postgres.url);
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
}

/** A write, and the read of it after the server was killed. */
const memories: Record<ServerName, { write(): Promise<unknown>; read(): Promise<unknown>; expected: RegExp }> = {
  redis: { write: () => redis("set", "stock", "10"), read: () => redis("get", "stock"), expected: /^10/ },
  postgres: {
    write: () => sql("create table drops as select 10 as units"),
    read: async () => JSON.stringify(await sql("select units from drops")),
    expected: /"units":10/,
  },
  kafka: {
    write: () => topics("--create", "--topic", "orders.reservations", "--partitions", "3"),
    read: () => topics("--list"),
    expected: /^orders\.reservations$/m,
  },
  temporal: {
    write: () => workflow("start", "--task-queue", "orders", "--type", "fulfil"),
    read: () => workflow("describe"),
    expected: /TaskQueue +orders/,
  },
};

for (const name of serverNames) {
  test(`acknowledged writes of ${name} survive kill -9, and are read on the same port`, async () => {
    await memories[name].write();
    await servers[name].kill();
    assert.equal(servers[name].pid, undefined);
    await servers[name].start();
    assert.match(String(await memories[name].read()), memories[name].expected);
  });
}

test("Redis never evicts stock, and keeps the guide's persistence", async () => {
  assert.match(await redis("config", "get", "maxmemory-policy"), /noeviction/);
  assert.match(await redis("config", "get", "appendonly"), /yes/);
  assert.match(await redis("config", "get", "appendfsync"), /everysec/);
});

test("Kafka makes no topic by itself and keeps the guide's retention", async () => {
  const configs = await tool(
    "kafka-configs",
    "--bootstrap-server",
    servers.kafka.bootstrap,
    "--describe",
    "--all",
    "--entity-type",
    "brokers",
    "--entity-name",
    "1",
  );
  for (const line of [
    /auto\.create\.topics\.enable=false/,
    /log\.retention\.hours=168/,
    /log\.retention\.bytes=1073741824/,
  ])
    assert.match(configs, line);
});

test("a requested port that is taken is an error, and another server is never mistaken for ours", async () => {
  const own = mkdtempSync(join(tmpdir(), "dropgate-taken-"));
  const { port } = servers.redis;
  await assert.rejects(
    startServers({ folder: own, which: ["redis"], ports: { redis: port } }),
    /wanted for redis, is taken/,
  );
  rmSync(own, { recursive: true });
});

test("a folder in use refuses a second runner", async () => {
  const second = spawn(process.execPath, [runnerProgram, "--folder", folder, "redis"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  assert.match(await text(second.stderr), new RegExp(`process ${process.pid} .*runs servers with this folder`));
  assert.ok(servers.redis.pid);
});

test("a runner ended by SIGTERM stops its servers; one killed with -9 leaves them to the next, on the same ports", async () => {
  const own = mkdtempSync(join(tmpdir(), "dropgate-runner-"));
  try {
    const killed = await startRunner(own);
    killed.process.kill("SIGKILL");
    await once(killed.process, "exit");
    assert.ok(killed.pids.every(commandOf));
    const next = await startRunner(own);
    assert.ok(!killed.pids.some(commandOf));
    assert.deepEqual(next.exports, killed.exports);
    next.process.kill("SIGTERM");
    await once(next.process, "exit");
    assert.ok(!next.pids.some(commandOf));
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});

test("a runner that ends without stopping its servers leaves none", async () => {
  const own = mkdtempSync(join(tmpdir(), "dropgate-forgetful-"));
  const program = `
    const { startServers } = await import(${JSON.stringify(join(import.meta.dirname, "servers.ts"))});
    const servers = await startServers({ folder: ${JSON.stringify(own)}, which: ["redis", "postgres"] });
    console.log(servers.redis.pid, servers.postgres.pid);`;
  const pids = (await run(process.execPath, ["-e", program], { timeoutMs: 180_000 })).trim().split(" ").map(Number);
  assert.equal(pids.length, 2);
  await until(() => !pids.some(commandOf));
  rmSync(own, { recursive: true, force: true });
});

const runnerProgram = join(import.meta.dirname, "../../scripts/servers.ts");

async function startRunner(own: string) {
  const runner = spawn(process.execPath, [runnerProgram, "--folder", own, "redis", "postgres"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  runner.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await until(() => printed.includes("Ready"), { withinMs: 180_000 });
  const pids = [...printed.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  return { process: runner, pids, exports: printed.match(/^export .*$/gm) };
}
