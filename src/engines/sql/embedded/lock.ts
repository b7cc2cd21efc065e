/** Allows one process for each data folder. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const sqliteBusy = 5;
const sqliteFull = 13;

type Owner = { pid: number; startedAt: string; url?: string };

/** Another process holds the data folder. SQLite's "database is locked" is no part of it: it is about the lock's file alone. */
export class FolderInUse extends Error {
  readonly url: string | undefined;
  /** A sentence without advice. */
  readonly says: string;

  constructor(dataDir: string, owner: Owner | undefined) {
    const holder = owner ? `process ${owner.pid}, started ${owner.startedAt}` : "another process";
    const database = owner?.url ? ` (its database is ${owner.url})` : "";
    const says = `DATA_DIR ${dataDir} is in use by ${holder}${database}`;
    super(`${says}; stop it or set another DATA_DIR`);
    this.url = owner?.url;
    this.says = says;
  }
}

/**
 * Holds the folder until it is released or this process ends. The lock is the operating system's, taken by SQLite on an
 * empty file: it ends with its process, even after kill -9, and it also holds between containers that share a volume,
 * in which process ids mean nothing. The file `owner.json` beside it only tells people which process it is.
 * @throws FolderInUse if another process holds the folder, naming that process.
 */
export function lockFolder(folder: string, dataDir: string) {
  const ownerFile = join(folder, ownerName);
  const file = takeLock(join(folder, "lock"), () => new FolderInUse(dataDir, readOwner(ownerFile)));
  const owner: Owner = { pid: process.pid, startedAt: new Date().toISOString() };
  const write = () => writeFileSync(ownerFile, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  write();
  return {
    /** For people who find the folder in use: the address of its database. */
    tell(url: string): void {
      owner.url = url;
      write();
    },
    release(): void {
      rmSync(ownerFile, { force: true });
      file.close();
    },
  };
}

function takeLock(path: string, busy: () => Error): DatabaseSync {
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path);
    file.exec("pragma locking_mode = exclusive; begin exclusive");
    return file;
  } catch (error) {
    file?.close();
    const { errcode } = error as { errcode?: number };
    if (errcode === sqliteBusy) throw busy();
    const guess = errcode === sqliteFull ? "" : ": does it belong to another user?";
    throw new Error(`cannot lock ${path}${guess}`, { cause: error });
  }
}

/** The address of the database that a process has told for this folder; it may have ended since. */
export function databaseOfOwner(folder: string): string | undefined {
  return readOwner(join(folder, ownerName))?.url;
}

const ownerName = "owner.json";

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined; // The process that holds it is just starting.
  }
}
