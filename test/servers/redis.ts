/** Runs Redis with the guide's persistence: every write in the append-only file, synced each second, and snapshots. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { aptInstall, findProgram, link, missing, type Provision, run } from "./cache.ts";
import type { Certificates } from "./certificates.ts";
import type { ServersFolder } from "./folder.ts";
import type { ServerPlan } from "./process.ts";

export async function provisionRedis(): Promise<Provision> {
  const found = await usableRedis();
  if (found) return { built: false, ...found };
  // Debian's server is the checker of redis-tools under another name (it looks at argv[0]). Taken from there, no
  // service is installed that would occupy port 6379.
  if (!findProgram("redis-check-rdb")) await aptInstall("redis-tools");
  const checker = findProgram("redis-check-rdb");
  if (checker) link(checker, "redis-server");
  const built = await usableRedis();
  if (!built) throw new Error("the Redis of redis-tools is older than version 7");
  return { built: true, ...built };
}

async function usableRedis() {
  const path = findProgram("redis-server");
  if (!path) return undefined;
  const version = /v=([\d.]+)/.exec(await run(path, ["--version"], { timeoutMs: 10_000 }))?.[1] ?? "unknown";
  return Number.parseInt(version, 10) >= 7 ? { path, version } : undefined;
}

export async function redisServer(within: ServersFolder, wantedPort?: number, tls?: Certificates) {
  const folder = join(within.path, "redis");
  const address = {
    host: tls ? "localhost" : "127.0.0.1",
    port: await within.port("redis", wantedPort),
    password: within.password("redis"),
  };
  const plan: ServerPlan = {
    name: "redis",
    folder,
    command: [findProgram("redis-server") ?? missing("redis"), join(folder, "redis.conf")],
    stopSignal: "SIGTERM",
    readyWithinMs: 180_000,
    prepare: () => writeFileSync(join(folder, "redis.conf"), configuration(folder, address, tls), { mode: 0o600 }),
    ask: () => ping(address, tls),
  };
  const env = {
    REDIS_HOST: address.host,
    REDIS_PORT: String(address.port),
    REDIS_PASSWORD: address.password,
    ...(tls && { REDIS_TLS: "true", REDIS_CA_FILE: tls.ca }),
  };
  return { plan, address, env };
}

type RedisAddress = { host: string; port: number; password: string };

function configuration(folder: string, { port, password }: RedisAddress, tls?: Certificates): string {
  const encrypted =
    tls &&
    `port 0
tls-port ${port}
tls-cert-file "${tls.certificate}"
tls-key-file "${tls.key}"
tls-ca-cert-file "${tls.ca}"
tls-auth-clients no`;
  return `bind 127.0.0.1
${encrypted ?? `port ${port}`}
requirepass ${password}
dir "${folder}"
appendonly yes
appendfsync everysec
save 3600 1 300 100 60 10000
maxmemory 2gb
# The guide says allkeys-lru. Stock is not a cache: an evicted counter is lost stock, so a full Redis must refuse.
maxmemory-policy noeviction
# A left process is recognised by its command line.
set-proc-title no
`;
}

/** While the append-only file is being read, Redis answers LOADING instead of PONG. */
async function ping({ host, port, password }: RedisAddress, tls?: Certificates): Promise<void> {
  const socket = tls ? connectTls({ host, port, ca: readFileSync(tls.ca) }) : connect({ host, port });
  socket.setTimeout(2_000, () => socket.destroy(new Error("no answer to PING within 2 s")));
  socket.end(`AUTH ${password}\r\nPING\r\nQUIT\r\n`);
  const answer = await text(socket);
  if (!answer.includes("+PONG")) throw new Error(`PING was answered by ${answer.trim()}`);
}
