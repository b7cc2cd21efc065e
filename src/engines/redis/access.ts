/** Describes where a Redis server is, how a process connects to it, and what for. */
import type { Reply } from "./connection.ts";
import type { RedisServer } from "./server.ts";

export type RedisAddress = {
  host: string;
  port: number;
  /** Of a user in Redis's ACL; absent for its default user. */
  username?: string | undefined;
  password?: string | undefined;
  /** Absent: not encrypted. `ca` is PEM text, absent if Node knows the CA that signed the server's certificate. */
  tls?: { ca?: string } | undefined;
  /** The server is a node of a Redis Cluster; `seeds` are further nodes, asked for the cluster if this one is away. */
  cluster?: boolean | undefined;
  seeds?: readonly { host: string; port: number }[] | undefined;
};

/** Where Redis is, and how this process connects to it. */
export type RedisAccess = RedisAddress & {
  /** The name of the connections in CLIENT LIST. */
  clientName: string;
  /** After so many milliseconds without any answer a connection is replaced by a new one. */
  timeoutMs: number;
};

/** The purpose for which a module uses a server. */
export type RedisUse = {
  /** Completes the sentence "Redis at host:port cannot …". */
  purpose: string;
  /** Why this server does not suit the purpose, and what to do, by `cli`. Asked again every few seconds. */
  refusalOf(server: RedisServer, cli: string): string | undefined;
  /** Checks the data before the first use of a connection. @throws if they belong to another shop. */
  admit(ask: (command: readonly string[]) => Promise<Reply>, cli: string): Promise<void>;
};

/** How an operator reaches this server from a shell with the shop's settings; a bare redis-cli asks another server. */
export function cliOf({ host, port, username, password, tls, cluster }: RedisAddress): string {
  return [
    ...(password === undefined ? [] : ["REDISCLI_AUTH=$REDIS_PASSWORD"]),
    `redis-cli -h ${host} -p ${port}`,
    ...(cluster ? ["-c"] : []),
    ...(username === undefined ? [] : [`--user ${username}`]),
    ...(tls ? ["--tls"] : []),
    ...(tls?.ca === undefined ? [] : ["--cacert $REDIS_CA_FILE"]),
  ].join(" ");
}

export type ConnectOptions = RedisAccess &
  RedisUse & {
    /** The node's id in its cluster, once it is known. */
    node?: string;
  };
