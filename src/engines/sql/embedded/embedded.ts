/**
 * Opens a real PostgreSQL that comes with `npm ci` and keeps its data in DATA_DIR/postgres: no server to install or to
 * set up.
 */
import { hash } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { chown, lstat, mkdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { openFolder } from "#platform/folder";
import { program } from "#platform/program";
import { connectionSettings } from "../connection.ts";
import { type Account, accountOf } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { createCluster } from "./cluster.ts";
import { databaseOfOwner, lockFolder } from "./lock.ts";
import { stopOrphan } from "./orphan.ts";
import { runServer } from "./server.ts";

const databaseName = program.name;

function folderOf(dataDir: string): string {
  return resolve(dataDir, "postgres");
}

/** The address of the server that another process runs in `dataDir`; it may have ended since. */
export function addressOfRunning(dataDir: string): string | undefined {
  return databaseOfOwner(folderOf(dataDir));
}

/** Whether a server was started in `dataDir` before. */
export function hasData(dataDir: string): boolean {
  return existsSync(clusterOf(folderOf(dataDir)));
}

function clusterOf(folder: string): string {
  return join(folder, "data");
}

export type EmbeddedPostgres = {
  /** Leads through a Unix socket that only this user, and root, can open: there is no port and no password. */
  url: string;
  /** The version of PostgreSQL, such as `18.4`. */
  version: string;
  /** Resolves when the server has ended: with nothing after `stop()`, with the reason if it ended by itself. */
  exited: Promise<Error | undefined>;
  /** Takes at most about 20 s. Connections that are still open are closed and their transactions rolled back. */
  stop(): Promise<void>;
};

/**
 * Starts the server of `dataDir`, and makes its cluster first if there is none. It stops when this process ends, in
 * whatever way, and does not keep this process alive.
 * @throws FolderInUse if another process uses `dataDir`, naming it; an error if the server does not start, with its last
 * log lines.
 */
export async function startPostgres(options: {
  dataDir: string;
  /** In place of ours: for tests, whose data need not outlive them. */
  settings?: Readonly<Record<string, string>>;
  onLog?(line: string): void;
}): Promise<EmbeddedPostgres> {
  const folder = folderOf(options.dataDir);
  const cluster = clusterOf(folder);
  openFolder(folder, { mode: 0o700 });
  const account = await accountOf(cluster);

  await using starting = new AsyncDisposableStack();
  const lock = lockFolder(folder, options.dataDir);
  starting.defer(() => lock.release());
  const binaries = await findBinaries(account);
  await stopOrphan(cluster);
  await createCluster(cluster, binaries, account);
  const socketFolder = await makeSocketFolder(cluster, account);
  starting.defer(() => rm(socketFolder, { recursive: true, force: true }));
  const { settings = {}, onLog = () => {} } = options;
  const server = await runServer({ cluster, binaries, account, socketFolder, settings, onLog });
  starting.defer(() => server.stop());
  const url = `postgresql://${databaseName}@localhost/${databaseName}?host=${encodeURIComponent(socketFolder)}`;
  await createDatabase(url);
  lock.tell(url);

  const held = starting.move();
  const exited = server.exited.then(async (reason) => {
    await held.disposeAsync();
    return reason;
  });
  return {
    url,
    version: binaries.version,
    exited,
    async stop() {
      await server.stop();
      await exited;
    },
  };
}

/**
 * Always the same folder for a cluster, so that its URL stays the same after a restart and kill -9 leaves at most one
 * folder behind. The path of a socket may have 103 bytes on macOS and 107 on Linux, and a bind-mounted DATA_DIR may not
 * allow sockets, so the folder is outside DATA_DIR. Root's TMPDIR may be closed to the server's user; /tmp is not.
 */
async function makeSocketFolder(cluster: string, account: Account | undefined): Promise<string> {
  const parent = account || tmpdir().length > 60 ? "/tmp" : tmpdir();
  const name = hash("sha256", await realpath(cluster), "hex").slice(0, 16);
  const folder = join(parent, `${program.name}-postgres-${name}`);
  await mkdir(folder, { mode: 0o700 }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  // Only its mode protects the server, and other users may have made the folder in /tmp before.
  const found = await lstat(folder);
  const isOurs = found.uid === process.getuid?.() || found.uid === account?.uid;
  if (!isOurs || found.mode !== (constants.S_IFDIR | 0o700)) {
    throw new Error(`${folder} was made by another user ( ${found.uid}); remove it`);
  }
  if (account) await chown(folder, account.uid, account.gid);
  // A killed server leaves its socket's lock behind. No server of ours runs at this point, and the process id in the
  // lock may belong to another program, or to a dead process that was not reaped yet. PostgreSQL would then refuse to
  // start.
  await rm(join(folder, ".s.PGSQL.5432.lock"), { force: true });
  return folder;
}

async function createDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  const client = new pg.Client(connectionSettings(maintenance.href, `${program.name} setup`));
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
}
