/** Runs the embedded server: one child process, its log, its end. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { goOn, within } from "#platform/deadline";
import { program } from "#platform/program";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { environment, placeOf } from "./cluster.ts";
import { endPostgres } from "./orphan.ts";

const pollMs = 5;
/** Long, because after a crash the server first replays up to max_wal_size of its log. */
const readyTimeoutMs = 120_000;
const logLinesKept = 20;
/** Processes of a killed server may hold its log open for a while. */
const lastWordsMs = 500;

/**
 * The shell becomes PostgreSQL and leaves a watcher behind, which waits on a pipe from this process. If this process
 * ends in any way, also by kill -9, the pipe breaks and the watcher shuts the server down; a line through the pipe
 * dismisses the watcher.
 */
const watched = '( (read -r word <&3 || kill -INT $$) >/dev/null 2>&1 & ); exec "$@" 3<&-';

const ownSettings = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  cluster_name: program.name,
  max_connections: "100",
  shared_buffers: "128MB",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  jit: "off", // Compilation would take longer than our statements run.
  timezone: "UTC",
  log_timezone: "UTC",
  // The sender of a statement gets its errors; the log is for events of the server.
  log_min_messages: "log",
  log_checkpoints: "off",
  log_line_prefix: "",
};

/** @throws if the server ends or is silent instead of becoming ready. */
export async function runServer(options: {
  cluster: string;
  binaries: Binaries;
  account: Account | undefined;
  socketFolder: string;
  settings: Readonly<Record<string, string>>;
  onLog(line: string): void;
}) {
  const { cluster, binaries, account, socketFolder } = options;
  const settings = { ...ownSettings, ...options.settings, unix_socket_directories: socketFolder };
  const args = [
    "-D",
    placeOf(cluster),
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const child = spawn("/bin/sh", ["-c", watched, "sh", binaries.postgres, ...args], {
    ...account,
    cwd: cluster,
    env: environment,
    // In a session of its own, so that the terminal's Ctrl-C reaches only this process, which stops the server in
    // order.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const errors = child.stderr as Socket;
  const watcher = child.stdio[3] as Socket;
  watcher.on("error", () => {}); // It may have ended already.
  for (const handle of [child, errors, watcher]) handle.unref();

  const log: string[] = [];
  const lines = createInterface({ input: errors }).on("line", (line) => {
    log.push(line);
    if (log.length > logLinesKept) log.shift();
    options.onLog(line);
  });

  let stopping = false;
  let ended = false;
  const lastWords = once(lines, "close");
  const exited = once(child, "exit").then(
    ([code, signal]) => end(`PostgreSQL ended by itself (${signal ?? `exit code ${code}`})`),
    (error) => end(`PostgreSQL could not be started (${error.message})`),
  );
  async function end(how: string): Promise<Error | undefined> {
    ended = true;
    watcher.end("\n");
    if (stopping) return undefined;
    await within(lastWordsMs, lastWords, goOn);
    return new Error(`${how}; its last words:\n${log.join("\n")}`);
  }

  async function stop(): Promise<void> {
    stopping = true;
    if (!ended && child.pid) {
      child.ref();
      await endPostgres(child.pid, () => ended);
    }
    await exited;
  }

  await untilReady(cluster, child.pid, () => ended).catch(async (error) => {
    const reason = ended ? await exited : error;
    await stop();
    throw reason;
  });
  return { exited, stop };
}

/**
 * PostgreSQL keeps its state in the eighth line of postmaster.pid, for its own pg_ctl. The first line says whose state
 * it is: a killed server leaves the file behind, still marked as ready.
 */
async function untilReady(cluster: string, pid: number | undefined, hasEnded: () => boolean): Promise<void> {
  const deadline = elapsedMs() + readyTimeoutMs;
  while (elapsedMs() < deadline) {
    if (hasEnded()) throw new Error("ended");
    const lines = (await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (Number(lines[0]) === pid && lines[7]?.trim() === "ready") return;
    await sleep(pollMs);
  }
  throw new Error(`PostgreSQL was not ready after ${readyTimeoutMs} ms`);
}
