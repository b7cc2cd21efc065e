/** Stops a server that a killed process left running. */
import { execFile } from "node:child_process";
import { readFile, readlink, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { elapsedMs } from "#platform/clock";

const pollMs = 10;
/** In growing urgency: roll back and write everything out, leave at once, be killed. */
const signals = [
  { signal: "SIGINT", patienceMs: 10_000 },
  { signal: "SIGQUIT", patienceMs: 5_000 },
  { signal: "SIGKILL", patienceMs: 5_000 },
] as const;

/** Ends a PostgreSQL, with growing urgency, and returns when it has ended. */
export async function endPostgres(pid: number, hasEnded: () => boolean | Promise<boolean>): Promise<void> {
  for (const { signal, patienceMs } of signals) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    const deadline = elapsedMs() + patienceMs;
    while (elapsedMs() < deadline) {
      if (await hasEnded()) return;
      await sleep(pollMs);
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) did not end`);
}

/**
 * The process that holds the folder's lock owns the server in it, so it may stop one that still runs there.
 * @throws if the server does not end.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  const file = join(cluster, "postmaster.pid");
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  if (await isPostgresIn(cluster, pid)) return endPostgres(pid, async () => !(await isPostgresIn(cluster, pid)));
  // After kill -9 the process id may belong to another program, as it always does in a container, and PostgreSQL would
  // refuse to start because of it. The other lines must stay: with them it finds backends that still write.
  if (isTaken(pid)) await writeFile(file, [noProcess, ...lines.slice(1)].join("\n"));
}

/** Above the greatest process id of Linux and macOS. */
const noProcess = String(2 ** 22 + 1);

async function isPostgresIn(cluster: string, pid: number): Promise<boolean> {
  if (process.platform === "linux") {
    const [home, at] = await Promise.all([realpath(cluster), readlink(`/proc/${pid}/cwd`).catch(() => undefined)]);
    return at === home;
  }
  const ps = await promisify(execFile)("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return ps.stdout.includes(cluster);
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
