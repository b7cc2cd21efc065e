/** Makes the folder in which PostgreSQL keeps its databases: a "cluster" in its own words. */
import { execFile } from "node:child_process";
import { chmod, chown, lchown, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { program } from "#platform/program";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";

const superuser = program.name;
const initdbTimeoutMs = 60_000;

/**
 * The path of its folder for PostgreSQL. The account may not pass through the folders above it (a project in root's
 * home), but a process that was started inside may stay there, and on Linux this path leads to it.
 */
export function placeOf(cluster: string): string {
  return process.platform === "linux" ? "/proc/self/cwd" : cluster;
}

/** PostgreSQL's own settings come from here, never from the PG* variables of a developer's shell. */
export const environment = { PATH: process.env.PATH, LC_ALL: "C" };

/**
 * Leaves the data of an existing cluster unchanged. A new one appears whole or not at all, because it is made beside and
 * then renamed.
 * @throws if the cluster is of another major version than the programs, or not whole.
 */
export async function createCluster(cluster: string, binaries: Binaries, account: Account | undefined): Promise<void> {
  const found = await readFile(join(cluster, "PG_VERSION"), "utf8").catch(() => undefined);
  const major = binaries.version.split(".")[0];
  if (found?.trim() === major) return handOver(cluster, account);
  if (found?.trim()) {
    throw new Error(
      `${cluster} was written by PostgreSQL ${found.trim()} and this release carries ${binaries.version}: ` +
        "dump it with the release that wrote it and restore it into an empty DATA_DIR, or set DATABASE_URL",
    );
  }
  const left = await readdir(cluster).catch(() => []);
  if (left.length > 0) {
    throw new Error(
      `${cluster} has files but does not say which PostgreSQL wrote them: it is a part of a copy, or damaged. ` +
        "Restore DATA_DIR from a backup, or set another one",
    );
  }

  const unfinished = `${cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (account) await chown(unfinished, account.uid, account.gid);
  await initialize(unfinished, binaries, account);
  await rename(unfinished, cluster);
  await syncFolder(dirname(cluster));
}

async function initialize(folder: string, binaries: Binaries, account: Account | undefined): Promise<void> {
  const args = [`--pgdata=${placeOf(folder)}`, `--username=${superuser}`, "--encoding=UTF8", "--auth=trust"];
  // A collation that depends on no library of the machine, so that indexes stay valid when the folder moves or libc
  // changes.
  args.push("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions");
  try {
    const options = { ...account, cwd: folder, env: environment, timeout: initdbTimeoutMs };
    await promisify(execFile)(binaries.initdb, args, options);
  } catch (cause) {
    // The cause's own message is its command line, and then the same again. PostgreSQL may quote pages of SQL, each line
    // of it after a tab.
    const lines = (cause as { stderr?: string }).stderr?.split("\n") ?? [];
    const said = lines
      .filter((line) => !/^\t| STATEMENT: /.test(line))
      .join("\n")
      .trim();
    throw new Error(`initdb could not make ${folder}: ${said || String(cause)}`);
  }
}

const openToOthers = 0o027;

/**
 * A copy of the folder, from which a backup is restored, may belong to root or be open to others. PostgreSQL refuses
 * both.
 */
async function handOver(cluster: string, account: Account | undefined): Promise<void> {
  const { mode, uid } = await stat(cluster);
  if (mode & openToOthers) await chmod(cluster, 0o700);
  if (!account || uid === account.uid) return;
  const entries = await readdir(cluster, { recursive: true });
  for (const entry of entries) await lchown(join(cluster, entry), account.uid, account.gid);
  // Last: if this process dies on the way, the next start begins anew.
  await chown(cluster, account.uid, account.gid);
}

/** Without it a power loss could bring the old name back, which the next start would take for unfinished. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
