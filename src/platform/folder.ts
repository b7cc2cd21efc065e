/** Creates a folder for data, or says why nothing can be written there. */
import { accessSync, constants, existsSync, lstatSync, mkdirSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** For errors that no other owner of the folder would mend. */
const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: "a file stands where a folder is needed",
  EROFS: "its file system is read-only",
  ENOSPC: "its disk is full",
  ENOENT: "no folder can be made there",
};

const otherData = "set another DATA_DIR";

/** /proc and /sys show the kernel as files, keep none, and let root pass as a user that may write. */
const kernelFiles: ReadonlySet<number> = new Set([0x9fa0, 0x62656572]);

/**
 * Creates a missing folder, and checks that this user may write in it.
 * @throws Error that names the user, the folder and what to do: a first run as root leaves folders in which the next
 * user cannot write. `instead`: how to name another folder.
 */
export function openFolder(path: string, { mode, instead = otherData }: { mode: number; instead?: string }): void {
  try {
    // The mode is for this folder only: the server of another engine may run as a user that has to pass through its
    // parents.
    requireFiles(nearest(path));
    make(resolve(path), mode);
    requireWritable(path);
  } catch (cause) {
    throw new Error(faultOf(path, cause, instead), { cause });
  }
}

/** Why nothing could be written in this folder, which need not be there yet. Nothing is made. */
export function folderFault(path: string): string | undefined {
  try {
    requireFiles(nearest(path));
    requireWritable(nearest(path));
    return undefined;
  } catch (cause) {
    return faultOf(path, cause, otherData);
  }
}

/** The folder itself, or its nearest parent that exists. A link that leads nowhere is there, and no folder. */
export function nearest(path: string): string {
  const whole = resolve(path);
  return isThere(whole) || dirname(whole) === whole ? whole : nearest(dirname(whole));
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Its parent may not be looked into, and is then the one that is named.
    return false;
  }
}

/** One by one: the recursive mkdir of Node does not end in /proc, and names a wrong error on a read-only file system. */
function make(path: string, mode?: number): void {
  if (existsSync(path)) return;
  make(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process that starts at this moment made it.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** @throws with the code ENOENT, as the kernel does for a folder in /proc. */
function requireFiles(place: string): void {
  if (existsSync(place) && kernelFiles.has(statfsSync(place).type)) {
    throw Object.assign(new Error(`${place} keeps no files`), { code: "ENOENT" });
  }
}

/** @throws with the code ENOTDIR also of a file, because of the slash. */
function requireWritable(path: string): void {
  accessSync(`${path}/`, constants.W_OK | constants.X_OK);
}

function faultOf(path: string, cause: unknown, instead: string): string {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const reason = reasons[code];
  if (reason !== undefined) return `nothing can be written in ${path} (${code}): ${reason}; ${instead}`;
  const user = process.getuid?.() ?? "USER";
  const advice = `sudo chown -R ${user} ${nearest(path)} gives it to that user; or remove it, or ${instead}`;
  return `user ${user} cannot write in ${path} (${code}): ${advice}`;
}
