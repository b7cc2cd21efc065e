/** Keeps one connection to a Redis server, replaced by a new one whenever it ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";
import type { ConnectOptions, RedisUse } from "./access.ts";
import { adviceOn, RedisUnfit } from "./advice.ts";
import { connect, loadingRefusal, unfitness } from "./client.ts";
import type { Connection, EndingConnection } from "./connection.ts";
import { type RedisServer, serverFrom } from "./server.ts";
import { RedisUnavailable } from "./unavailable.ts";

/** One server, or the primaries of a cluster. */
export type Redis = {
  readonly isCluster: boolean;
  /** To the server that has the key. @throws RedisUnavailable at once while there is no connection. */
  connection(operation: string, key: string): Connection;
  /** Equal for keys of one server. */
  serverOf(key: string): string;
  /** To the server that another one named. @throws RedisUnavailable */
  at(operation: string, address: string): Promise<Connection>;
  /** For each server a text: a key that has it in braces, behind `before`, is there. */
  tags(before: string): readonly string[];
  close(): void;
};

export type OpenOptions = RedisUse & {
  /** If there is no connection at first, opens without one and goes on trying. */
  mayBeAway?: boolean | undefined;
  /** Called with every new connection, the first one included. */
  onConnected(connection: Connection): void;
};

export type Kept = {
  /** @throws RedisUnavailable at once while there is no connection. */
  connection(operation: string): Connection;
  close(): void;
};

export type KeepOptions = ConnectOptions & {
  log: Log;
  /** Whether to go on without a connection if there is none at first. */
  mayBegin(error: unknown): boolean;
  /** Called with every new connection, the first one included. */
  onConnected(connection: Connection): void;
  onInfo(server: RedisServer, node: string): void;
};

const openWithinMs = 4_500;
const watchEveryMs = 2_000;
const backoff = { firstMs: 50, longestMs: 1_000 };

export async function keepConnected(options: KeepOptions): Promise<Kept> {
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
      options.onInfo(server, connection.node);
      const refusal = unfitness(server, options);
      if (refusal) connection.end(new Error(adviceOn(new RedisUnfit(refusal), options)));
    }
  }

  function take(connection: EndingConnection): void {
    current = connection;
    options.onInfo(connection.server, connection.node);
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
    if (!options.mayBegin(error)) throw error;
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
