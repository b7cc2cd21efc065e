/** The way to Redis: a connection, and a new one whenever it ends. */
import { isIP } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createClient, ErrorReply } from "@redis/client";
import type { Shop } from "#engines/shop";
import type { Log } from "#platform/log";
import { GateUnavailable } from "../gate.ts";
import { adviceOn } from "./advice.ts";
import { type Connection, createConnection, type EndingConnection } from "./connection.ts";
import { claimGate } from "./keys.ts";
import { loadingRefusal, refusalOf, serverFrom } from "./server.ts";

export type RedisAddress = {
  host: string;
  port: number;
  /** Of a user in Redis's ACL; absent for its default user. */
  username?: string | undefined;
  password?: string | undefined;
  /** Absent: not encrypted. `ca`, in PEM, where the server's certificate is not signed by one that Node knows. */
  tls?: { ca?: string } | undefined;
};

export type Link = {
  /** @throws GateUnavailable at once while there is no connection. */
  connection(operation: string): Connection;
  close(): void;
};

export type LinkOptions = RedisAddress & {
  shop: Shop;
  /** After how long without any answer the connection is given up for a new one, milliseconds. */
  timeoutMs: number;
  log: Log;
  /** Open without a connection where none is had at first, and go on looking for one. */
  mayBeAway?: boolean | undefined;
  /** Called with every new connection, the first one included. */
  onConnected(connection: Connection): void;
};

const openWithinMs = 4_500;
const watchEveryMs = 2_000;
const retryEveryMs = { first: 50, most: 1_000 };

/** @throws Error that names the setting to look at, within 5 seconds, unless it may be away. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { host, port, log, onConnected } = options;
  let closed = false;
  let current: EndingConnection | undefined;
  let failure: unknown;

  /** What may be set while it runs, an eviction policy, the role, is looked at as when connecting. */
  async function watch(connection: EndingConnection): Promise<void> {
    while (current === connection) {
      await pause(watchEveryMs, undefined, { ref: false });
      const [info] = await connection.send("info", [["INFO"]], options.timeoutMs).catch(() => []);
      const refusal = typeof info === "string" ? refusalOf(serverFrom(info)) : undefined;
      if (refusal) connection.end(new Error(adviceOn(new Error(refusal), options)));
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
      log.warn("connection to the gate's Redis lost", { host, port }, why);
      void reconnect();
    });
  }

  async function reconnect(): Promise<void> {
    for (let waitMs = retryEveryMs.first; !closed; waitMs = Math.min(2 * waitMs, retryEveryMs.most)) {
      try {
        const connection = await connect(options, options.timeoutMs);
        if (closed) return connection.end(new Error("closed"));
        log.info("connected to the gate's Redis", { host, port });
        return take(connection);
      } catch (error) {
        if (String(error) !== String(failure)) log.warn("no connection to the gate's Redis yet", { host, port }, error);
        failure = error;
        await pause(waitMs, undefined, { ref: false });
      }
    }
  }

  try {
    take(await connectFirst(options));
  } catch (error) {
    if (!options.mayBeAway) throw error;
    failure = error;
    log.warn("no connection to the gate's Redis; the mode does without it", { host, port }, error);
    void reconnect();
  }
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
  const { host, port, username, password, tls, shop, timeoutMs } = options;
  const client = createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: { host, port, connectTimeout: withinMs, reconnectStrategy: false, ...(tls && encryption(host, tls)) },
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
    await claimGate((command) => client.sendCommand(command).catch(asReply), shop);
    return createConnection({ client, server, lost, timeoutMs });
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw new Error(adviceOn(error, options), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function asReply(error: unknown): ErrorReply {
  if (error instanceof ErrorReply) return error;
  throw error;
}

/**
 * The host is named in the handshake, so that a proxy before several servers can tell which is meant; an address never
 * is. The certificate is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
function encryption(host: string, tls: { ca?: string }) {
  return { tls: true, rejectUnauthorized: true, ...tls, ...(isIP(host) === 0 && { servername: host }) } as const;
}
