/** Connects the client to a Redis server that its user can accept. */
import { isIP } from "node:net";
import { createClient, ErrorReply } from "@redis/client";
import { adviceOn, RedisUnfit } from "./advice.ts";
import { createConnection, type EndingConnection, type Reply } from "./connection.ts";
import { type RedisServer, serverFrom } from "./server.ts";

export type RedisAddress = {
  host: string;
  port: number;
  /** Of a user in Redis's ACL; absent for its default user. */
  username?: string | undefined;
  password?: string | undefined;
  /** Absent: not encrypted. `ca` is PEM text, absent if Node knows the CA that signed the server's certificate. */
  tls?: { ca?: string } | undefined;
};

/** Where Redis is, and how this process connects to it. */
export type RedisAccess = RedisAddress & {
  /** The name of the connections in CLIENT LIST. */
  clientName: string;
  /** After so many milliseconds without any answer a connection is replaced by a new one. */
  timeoutMs: number;
};

/** What the user of a server needs it for. */
export type RedisUse = {
  /** Completes the sentence "Redis at host:port cannot …". */
  purpose: string;
  /** Why this server does not serve the purpose, and what to do. Asked again every few seconds. */
  refusalOf(server: RedisServer): string | undefined;
  /** Looks at the data before the first use of a connection. @throws if they are not the user's. */
  admit(ask: (command: readonly string[]) => Promise<Reply>): Promise<void>;
};

export type ConnectOptions = RedisAccess & RedisUse;

/** A server that reloads its data after a restart. */
export const loadingRefusal = "Redis still reads its data";

/** @throws Error that names the setting to look at. */
export async function connect(options: ConnectOptions, withinMs: number): Promise<EndingConnection> {
  const { host, port, username, password, tls, clientName, timeoutMs } = options;
  const client = createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: { host, port, connectTimeout: withinMs, reconnectStrategy: false, ...(tls && encryption(host, tls)) },
    RESP: 2,
    name: clientName,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  });
  const { promise: lost, resolve } = Promise.withResolvers<Error>();
  client.on("error", resolve);
  const timer = setTimeout(() => client.destroy(), withinMs);
  try {
    await client.connect();
    const server = serverFrom(await client.sendCommand<string>(["INFO"]));
    const refusal = unfitness(server, options);
    if (refusal) throw new RedisUnfit(refusal);
    await options.admit((command) => client.sendCommand(command).catch(asReply));
    return createConnection({ client, server, lost, timeoutMs });
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw new Error(adviceOn(error, options), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

export function unfitness(server: RedisServer, { refusalOf }: Pick<RedisUse, "refusalOf">): string | undefined {
  return server.loading ? `${loadingRefusal}: wait until it is done` : refusalOf(server);
}

function asReply(error: unknown): ErrorReply {
  if (error instanceof ErrorReply) return error;
  throw error;
}

/**
 * The handshake names the host, so that a proxy in front of several servers can tell which one is meant; it never names
 * an IP address. The certificate is checked whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
function encryption(host: string, tls: { ca?: string }) {
  return { tls: true, rejectUnauthorized: true, ...tls, ...(isIP(host) === 0 && { servername: host }) } as const;
}
