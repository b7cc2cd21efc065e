/**
 * One pipelined connection to Redis that says when it is of no use. Nothing is queued while it is down and nothing
 * is sent twice: a call whose answer does not come has an unknown outcome, and whoever made it has to know that.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import { createClient, ErrorReply } from "@redis/client";
import type { Log } from "#platform/log";
import { GateUnavailable } from "./gate.ts";
import { loadingRefusal, type RedisServer, refusalOf, serverFrom } from "./redis-server.ts";

export type RedisAddress = {
  host: string;
  port: number;
  password?: string | undefined;
  /** Absent: not encrypted. `ca` where the server's certificate is not signed by one that Node knows. */
  tls?: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername"> | undefined;
};

/** What a command was answered; of the commands sent together one may fail and the others not. */
export type Reply = unknown | ErrorReply;

/** To one process of a Redis server, from its connect to its end: what outlasts a connection is nothing. */
export type Connection = {
  readonly server: RedisServer;
  /**
   * Sends commands in one go; answers in their order.
   * @throws GateUnavailable when the answers do not come within the time, or cannot; at once where the server
   *   has owed an older answer for that long.
   */
  send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]>;
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

type EndingConnection = Connection & { ended: Promise<Error>; end(why: Error): void };

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
  const { promise: ended, resolve } = Promise.withResolvers<Error>();
  client.on("error", resolve);
  const timer = setTimeout(() => client.destroy(), withinMs);
  try {
    await client.connect();
    const server = serverFrom(await client.sendCommand<string>(["INFO"]));
    const refusal = refusalOf(server);
    if (refusal) throw new Error(refusal);
    return connectionOf(client, server, timeoutMs, ended, resolve);
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw new Error(adviceOn(error, options), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function connectionOf(
  client: { sendCommand(args: readonly string[]): Promise<unknown>; isOpen: boolean; destroy(): void },
  server: RedisServer,
  timeoutMs: number,
  ended: Promise<Error>,
  resolveEnded: (why: Error) => void,
): EndingConnection {
  let owed = 0;
  let lastAnswerMs = 0;
  let endedBy: Error | undefined;

  const owedForMs = () => (owed === 0 ? 0 : performance.now() - lastAnswerMs);

  function end(why: Error): void {
    endedBy ??= why;
    resolveEnded(why);
    if (client.isOpen) client.destroy();
  }

  async function ask(command: readonly string[]): Promise<Reply> {
    try {
      return await client.sendCommand(command);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      // It became a replica, or lost its data and reads them anew: the next connection finds out what it is now.
      if (/^(READONLY|MASTERDOWN|LOADING) /.test(error.message)) end(error);
      return error;
    } finally {
      owed -= 1;
      lastAnswerMs = performance.now();
    }
  }

  function send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]> {
    const quietMs = owedForMs();
    if (quietMs >= timeoutMs) end(new Error(`no answer for ${Math.round(quietMs)} ms`));
    if (endedBy) return Promise.reject(new GateUnavailable(operation, endedBy));
    if (quietMs >= withinMs) {
      return Promise.reject(
        new GateUnavailable(operation, new Error(`an answer is owed for ${Math.round(quietMs)} ms`)),
      );
    }
    if (owed === 0) lastAnswerMs = performance.now();
    owed += commands.length;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new GateUnavailable(operation, new Error(`no answer within ${withinMs} ms`)));
        if (owedForMs() >= timeoutMs) end(new Error(`no answer for ${timeoutMs} ms`));
      }, withinMs);
      Promise.all(commands.map(ask))
        .then(resolve, (error) => reject(new GateUnavailable(operation, error)))
        .finally(() => clearTimeout(timer));
    });
  }

  ended.then((why) => {
    endedBy ??= why;
  });
  return { server, send, ended, end };
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
