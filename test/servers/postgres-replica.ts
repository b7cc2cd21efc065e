/** Runs a streaming replica of a running PostgreSQL: read only, and a moment behind. */
import { chownSync } from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { missing, run } from "./cache.ts";
import { claimFolder } from "./folder.ts";
import { openWay, unprivilegedUser, usablePostgres } from "./postgres.ts";
import { createServerProcess } from "./process.ts";

export type Replica = {
  url: string;
  /** From then on it takes writes and follows no other server. */
  promote(): Promise<void>;
  stop(): Promise<void>;
};

/** `folder` belongs to the replica; it must be new. */
export async function startReplica(primaryUrl: string, folder: string): Promise<Replica> {
  const within = claimFolder(folder);
  const port = await within.port("replica");
  const data = join(within.path, "replica", "data");
  const program = (await usablePostgres())?.path ?? missing("postgres");
  const user = await unprivilegedUser();
  const url = new URL(primaryUrl);
  url.port = String(port);

  const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", max_connections: 200 };
  const server = createServerProcess({
    name: "replica",
    folder: dirname(data),
    command: [program, "-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    ...(user && { user }),
    stopSignal: "SIGINT",
    readyWithinMs: 180_000,
    async prepare() {
      openWay(within.path);
      if (user) chownSync(dirname(data), user.uid, user.gid);
      const copy = ["-d", primaryUrl, "-D", data, "--write-recovery-conf", "--checkpoint=fast"];
      const options = { timeoutMs: 180_000, cwd: dirname(data), ...user };
      await run(join(dirname(program), "pg_basebackup"), copy, options);
    },
    ask: () => withClient(url.href, async () => {}),
  });
  await server.start().catch((error) => {
    within.release();
    throw error;
  });
  return {
    url: url.href,
    promote: () => withClient(url.href, (client) => client.query("select pg_promote()")),
    async stop() {
      await server.stop();
      within.release();
    },
  };
}

async function withClient(connectionString: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
