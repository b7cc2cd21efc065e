/**
 * Keeps one connection to Redis, replaced by a new one whenever it ends, and scripts that end with the server's memory.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";
import type { ConnectOptions, RedisAccess, RedisUse } from "./access.ts";
import { adviceOn, RedisUnfit } from "./advice.ts";
import { connect, loadingRefusal, unfitness } from "./client.ts";
import type { Connection, EndingConnection } from "./connection.ts";
import { type RedisServer, serverFrom } from "./server.ts";
import { RedisUnavailable } from "./unavailable.ts";

export { ErrorReply } from "@redis/client";
export type { RedisAddress } from "./access.ts";
export { RedisUnfit } from "./advice.ts";
export type { Connection, Reply } from "./connection.ts";
export { createLives, type Life, type Lives, type NonceStore } from "./lives.ts";
export { createScriptSet } from "./scripts.ts";
export type { RedisServer } from "./server.ts";
export { RedisUnavailable } from "./unavailable.ts";

export type Redis = {
  /** @throws RedisUnavailable at once while there is no connection. */
  connection(operation: string): Connection;
  close(): void;
};

/** A Redis that the settings name, for a user that is not open yet. */
export type RedisEngine = {
  timeoutMs: number;
  /** @throws Error that names the setting to look at, within 5 seconds, unless it may be away. */
  open(use: OpenOptions): Promise<Redis>;
  /** The latest figures of the server about its memory, with their time by `elapsedMs`; undefined before the first connection. */
  memory(): RedisMemory | undefined;
};

export type RedisMemory = Pick<RedisServer, "usedBytes" | "limitBytes" | "evictedKeys"> & { atMs: number };

type OpenOptions = RedisUse & {
  /** If there is no connection at first, opens without one and goes on trying. */
  mayBeAway?: boolean | undefined;
  /** Called with every new connection, the first one included. */
  onConnected(connection: Connection): void;
};

const openWithinMs = 4_500;
const watchEveryMs = 2_000;
const backoff = { firstMs: 50, longestMs: 1_000 };

export type RedisEngineOptions = RedisAccess & {
  log: Log;
  /** Called with the server of every new connection. */
  onServer?(server: RedisServer): void;
};

export function createRedisEngine({ log, onServer, ...access }: RedisEngineOptions): RedisEngine {
  let memory: RedisMemory | undefined;
  function onInfo(server: RedisServer): void {
    memory = { ...server, atMs: elapsedMs() };
  }
  return {
    timeoutMs: access.timeoutMs,
    memory: () => memory,
    open: (use) =>
      openRedis({
        ...access,
        ...use,
        log,
        onInfo,
        onConnected(connection) {
          onInfo(connection.server);
          onServer?.(connection.server);
          use.onConnected(connection);
        },
      }),
  };
}

async function openRedis(
  options: RedisAccess & OpenOptions & { log: Log; onInfo(server: RedisServer): void },
): Promise<Redis> {
  const { host, port, log, onConnected } = options;
  let closed = false;
  let current: EndingConnection | undefined;
  let failure: unknown;

  /** The eviction policy or the role may change while the server runs. */
  async function watch(connection: EndingConnection): Promise<void> {
    while (current === connection) {
      await sleep(watchEveryMs, undefined, { ref: false });
      const [info] = await connection.send("info", [["INFO"]], options.timeoutMs).catch(() => []);
      if (typeof info !== "string") continue;
      const server = serverFrom(info);
      options.onInfo(server);
      const refusal = unfitness(server, options);
      if (refusal) connection.end(new Error(adviceOn(new RedisUnfit(refusal), options)));
    }
  }

  function take(connection: EndingConnection): void {
    current = connection;
    void watch(connection);
    onConnected(connection);
    connection.ended.then((why) => {
      current = undefined;
      failure = why;
      if (closed) return;
      log.warn("connection to Redis lost", { host, port }, why);
      void reconnect();
    });
  }

  async function reconnect(): Promise<void> {
    for (let failures = 1; !closed; failures += 1) {
      try {
        const connection = await connect(options, options.timeoutMs);
        if (closed) return connection.end(new Error("closed"));
        log.info("connected to Redis", { host, port });
        return take(connection);
      } catch (error) {
        if (String(error) !== String(failure)) log.warn("no connection to Redis yet", { host, port }, error);
        failure = error;
        await sleep(pauseAfter(failures, backoff), undefined, { ref: false });
      }
    }
  }

  try {
    take(await connectFirst(options));
  } catch (error) {
    if (!options.mayBeAway) throw error;
    failure = error;
    log.warn("no connection to Redis; the start goes on without it", { host, port }, error);
    void reconnect();
  }
  return {
    connection(operation) {
      if (!current) throw new RedisUnavailable(operation, failure);
      return current;
    },
    close() {
      closed = true;
      const why = new Error("the connection to Redis was closed");
      failure = why;
      current?.end(why);
    },
  };
}

/** Waits for a server that still reads its data; every other failure is thrown at once. */
async function connectFirst(options: ConnectOptions): Promise<EndingConnection> {
  const giveUpAt = elapsedMs() + openWithinMs;
  for (;;) {
    try {
      return await connect(options, Math.max(1, giveUpAt - elapsedMs()));
    } catch (error) {
      if (!String(error).includes(loadingRefusal) || elapsedMs() > giveUpAt) throw error;
      await sleep(backoff.firstMs);
    }
  }
}
