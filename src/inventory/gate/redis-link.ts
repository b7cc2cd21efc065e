/** The way to Redis: a connection, and a new one whenever it ends. */
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { createClient } from "@redis/client";
import type { Log } from "#platform/log";
import { GateUnavailable } from "./gate.ts";
import { type Connection, createConnection, type EndingConnection } from "./redis-connection.ts";
import { loadingRefusal, refusalOf, serverFrom } from "./redis-server.ts";

export type RedisAddress = {
  host: string;
  port: number;
  password?: string | undefined;
  /** Absent: not encrypted. `ca` where the server's certificate is not signed by one that Node knows. */
  tls?: Pick<TlsOptions, "ca" | "cert" | "key" | "servername"> | undefined;
};

export type Link = {
  /** @throws GateUnavailable at once while there is no connection. */
  connection(operation: string): Connection;
  close(): void;
};

export type LinkOptions = RedisAddress & {
  /** After how long without any answer the connection is given up for a new one, milliseconds. */
  timeoutMs: number;
  log: Log;
  /** Called with every new connection, the first one included. */
  onConnected(connection: Connection): void;
};

const openWithinMs = 4_500;
const retryEveryMs = { first: 50, most: 1_000 };

/** @throws Error that names the setting to look at, within 5 seconds. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { host, port, log, onConnected } = options;
  let closed = false;
  let current: EndingConnection | undefined;
  let failure: unknown;

  function take(connection: EndingConnection): void {
    current = connection;
    onConnected(connection);
    connection.ended.then((why) => {
      current = undefined;
      failure = why;
      if (!closed) reconnect(why);
    });
  }

  async function reconnect(why: Error): Promise<void> {
    log.warn("connection to the gate's Redis lost", { host, port }, why);
    for (let waitMs = retryEveryMs.first; !closed; waitMs = Math.min(2 * waitMs, retryEveryMs.most)) {
      try {
        const connection = await connect(options, options.timeoutMs);
        if (closed) return connection.end(new Error("closed"));
        log.info("connected to the gate's Redis again", { host, port });
        return take(connection);
      } catch (error) {
        if (String(error) !== String(failure)) log.warn("no connection to the gate's Redis yet", { host, port }, error);
        failure = error;
        await pause(waitMs, undefined, { ref: false });
      }
    }
  }

  take(await connectFirst(options));
  return {
    connection(operation) {
      if (!current) throw new GateUnavailable(operation, failure);
      return current;
    },
    close() {
      closed = true;
      failure = new Error("the gate was shut down");
      current?.end(failure as Error);
    },
  };
}

/** A server that still reads its data is waited for; everything else is said at once. */
async function connectFirst(options: LinkOptions): Promise<EndingConnection> {
  const giveUpAt = performance.now() + openWithinMs;
  for (;;) {
    try {
      return await connect(options, Math.max(1, giveUpAt - performance.now()));
    } catch (error) {
      if (!String(error).includes(loadingRefusal) || performance.now() > giveUpAt) throw error;
      await pause(retryEveryMs.first);
    }
  }
}

async function connect(options: LinkOptions, withinMs: number): Promise<EndingConnection> {
  const { host, port, password, tls, timeoutMs } = options;
  const client = createClient({
    ...(password === undefined ? {} : { password }),
    socket: { host, port, connectTimeout: withinMs, reconnectStrategy: false, ...(tls && { ...tls, tls: true }) },
    RESP: 2,
    name: "dropgate",
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  });
  const { promise: lost, resolve } = Promise.withResolvers<Error>();
  client.on("error", resolve);
  const timer = setTimeout(() => client.destroy(), withinMs);
  try {
    await client.connect();
    const server = serverFrom(await client.sendCommand<string>(["INFO"]));
    const refusal = refusalOf(server);
    if (refusal) throw new Error(refusal);
    return createConnection({ client, server, lost, timeoutMs });
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw new Error(adviceOn(error, options), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function adviceOn(error: unknown, { host, port, tls }: LinkOptions): string {
  const reason = error instanceof Error ? error.message : String(error);
  const at = `Redis at ${host}:${port}`;
  if (/WRONGPASS|NOAUTH|AUTH <password>/.test(reason))
    return `${at} refuses the password (${reason}): set REDIS_PASSWORD`;
  if (error instanceof Error && /^(This Redis|Redis still)/.test(reason))
    return `${at} cannot hold the gate. ${reason}`;
  const encrypted = tls ? ", encrypted" : "";
  return `cannot reach ${at}${encrypted} (${reason || "no answer"}): check REDIS_HOST and REDIS_PORT, and that it runs`;
}
