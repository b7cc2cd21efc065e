/** Records the servers of a runner, so that the next runner finds them if this one was killed with -9. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Kills the server that an earlier runner left in this folder. All four survive that, and none loses what it
 * acknowledged: those writes are in the kernel, and only a crash of the machine loses them.
 */
export async function stopLeftover(folder: string): Promise<number | undefined> {
  const left = recall(recordOf(folder));
  forget(folder);
  if (!left || commandOf(left.pid) !== left.command) return undefined;
  signalGroup(left.pid, "SIGKILL");
  for (let tries = 0; commandOf(left.pid) === left.command; tries += 1) {
    if (tries > 200) throw new Error(`process ${left.pid}, left by an earlier run in ${folder}, does not die`);
    await sleep(50);
  }
  return left.pid;
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It ended a moment ago and its exit is not reported yet.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export type ProcessRecord = { pid: number; command: string };

/** Compares the command line, because another program may have the process id by now. */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return undefined;
  }
}

export function recall(path: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** Written while the server runs. */
export function remember(folder: string, pid: number): void {
  writeFileSync(recordOf(folder), JSON.stringify({ pid, command: commandOf(pid) }));
}

export function forget(folder: string): void {
  rmSync(recordOf(folder), { force: true });
}

function recordOf(folder: string) {
  return join(folder, "process.json");
}
