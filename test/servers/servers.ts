/**
 * Starts and stops the real servers, on loopback, with their data below one folder. `node scripts/servers.ts` does it
 * from a terminal; `node scripts/provision.ts` installs missing ones.
 */
import { join } from "node:path";
import { binFolder } from "./cache.ts";
import { makeCertificates } from "./certificates.ts";
import { claimFolder } from "./folder.ts";
import { kafkaServer } from "./kafka.ts";
import { signalGroup, stopLeftover } from "./leftover.ts";
import { postgresServer } from "./postgres.ts";
import { createServerProcess, type ServerProcess } from "./process.ts";
import { redisServer } from "./redis.ts";
import { temporalServer } from "./temporal.ts";

const makers = { redis: redisServer, postgres: postgresServer, kafka: kafkaServer, temporal: temporalServer };

export type ServerName = keyof typeof makers;
export const serverNames = Object.keys(makers) as ServerName[];

type Address<N extends ServerName> = Awaited<ReturnType<(typeof makers)[N]>>["address"];

export type Servers<N extends ServerName = ServerName> = { [Name in N]: Address<Name> & ServerProcess } & {
  /** The names that Dropgate's configuration reads. */
  env: Record<string, string>;
  /** Ends all servers, the last started first. */
  stopAll(): Promise<void>;
};

export type StartOptions<N extends ServerName> = {
  /** Kept between runs: data, ports, passwords and logs. */
  folder: string;
  which?: readonly N[];
  ports?: Partial<Record<ServerName, number>>;
  /** Ends the clients of the servers; awaited before the servers stop because of a signal. */
  stopFirst?(): Promise<unknown>;
  /** Redis, Kafka and PostgreSQL as `localhost`, with certificates of the folder's own CA, and no plain text. */
  tls?: boolean;
};

/**
 * Resolves when every server has answered a request. All are stopped when the process gets SIGINT, SIGTERM or SIGHUP,
 * and killed when it ends in another way.
 * @throws Error if a server does not answer, with the end of its log; those that did answer are stopped.
 */
export async function startServers<const N extends ServerName = ServerName>(
  options: StartOptions<N>,
): Promise<Servers<N>> {
  const folder = claimFolder(options.folder);
  const which: readonly ServerName[] = options.which ?? serverNames;
  const processes: ServerProcess[] = [];
  const servers: Record<string, unknown> = {};
  const env: Record<string, string> = {};

  let stopping: Promise<void> | undefined;
  const stopAll = () => (stopping ??= stopEach());
  async function stopEach(): Promise<void> {
    for (const server of processes.toReversed()) await server.stop();
    unhook();
    folder.release();
  }
  const stopInOrder = (): Promise<void> => Promise.resolve(options.stopFirst?.()).then(stopAll, stopAll);
  const unhook = onEnd(stopInOrder, () => {
    // No await is possible here. Killing loses no acknowledged write, see stopLeftover.
    for (const { pid } of processes.toReversed()) if (pid) signalGroup(pid, "SIGKILL");
  });

  try {
    for (const name of serverNames) await stopLeftover(join(folder.path, name));
    const tls = options.tls ? await makeCertificates(folder.path) : undefined;
    for (const name of which) {
      const made = await makers[name](folder, options.ports?.[name], tls);
      const server = createServerProcess(made.plan);
      processes.push(server);
      servers[name] = Object.assign(server, made.address);
      Object.assign(env, made.env);
    }
    await allOrFirstFault(processes.map((server) => server.start()));
  } catch (error) {
    await stopAll();
    throw error;
  }
  return Object.assign(servers, { env, stopAll }) as Servers<N>;
}

/** Waits for every server even if one fails, so that none is still starting while all are stopped. */
async function allOrFirstFault(starts: Promise<void>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === "rejected") throw start.reason;
}

function onEnd(stopAll: () => Promise<void>, killAll: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (signal: NodeJS.Signals) => {
    stopAll().finally(() => {
      // The default action of the signal, unless another part of this process listens to it.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  for (const signal of signals) process.on(signal, onSignal);
  process.once("exit", killAll);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off("exit", killAll);
  };
}

/** Lines for a shell that connects to the servers, and uses the tools that came with them (kafka-topics). */
export function exportsOf(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([key, value]) => `export ${key}=${value}`);
  return [...lines, `export PATH="${binFolder}:$PATH"`].join("\n");
}
