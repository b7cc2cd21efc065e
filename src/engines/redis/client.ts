/** Connects the client to a Redis server that its user can accept. */
import { isIP } from "node:net";
import { createClient, ErrorReply } from "@redis/client";
import { afterAnswers } from "#platform/deadline";
import { type ConnectOptions, cliOf, type RedisAddress } from "./access.ts";
import { adviceOn, RedisUnfit } from "./advice.ts";
import { createConnection, type EndingConnection } from "./connection.ts";
import { type RedisServer, serverFrom } from "./server.ts";

/** A server that reloads its data after a restart. */
export const loadingRefusal = "Redis still reads its data";

/** @throws Error that names the setting to look at. */
export async function connect(options: ConnectOptions, withinMs: number): Promise<EndingConnection> {
  const { host, port, username, password, tls, clientName, timeoutMs, node = "" } = options;
  const client = createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: { host, port, connectTimeout: withinMs, reconnectStrategy: false, ...(tls && encryption(host, tls)) },
    RESP: 2,
    name: clientName,
    disableOfflineQueue: true,
    // Else the client makes a timer and a signal for each command; connection.ts has its own limit.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
  });
  const { promise: lost, resolve } = Promise.withResolvers<Error>();
  client.on("error", resolve);
  const callOff = afterAnswers(withinMs, () => client.destroy());
  try {
    await client.connect();
    const server = serverFrom(await client.sendCommand<string>(["INFO"]));
    const refusal = unfitness(server, options);
    if (refusal) throw new RedisUnfit(refusal);
    await options.admit((command) => client.sendCommand(command).catch(asReply), cliOf(options));
    return createConnection({ client, server, host, node, lost, timeoutMs });
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw new Error(adviceOn(error, options), { cause: error });
  } finally {
    callOff();
  }
}

export function unfitness(
  server: RedisServer,
  options: Pick<ConnectOptions, "refusalOf" | "cluster"> & RedisAddress,
): string | undefined {
  const { refusalOf, cluster = false } = options;
  if (server.loading) return `${loadingRefusal}: wait until it is done`;
  if (server.isCluster && !cluster) return "This Redis is a cluster's node: set REDIS_CLUSTER=true";
  if (cluster && !server.isCluster) return "This Redis is in no cluster: leave REDIS_CLUSTER out";
  return refusalOf(server, cliOf(options));
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
