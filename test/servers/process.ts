/** Runs one server as a child process: its log, its readiness and its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goOn, within } from "#platform/deadline";
import { lastLines } from "../support/last-lines.ts";
import { forget, remember, signalGroup } from "./leftover.ts";

export type ServerPlan = {
  name: string;
  /** All files of the server are below it. */
  folder: string;
  command: readonly [program: string, ...args: string[]];
  env?: Record<string, string>;
  user?: { uid: number; gid: number };
  stopSignal: NodeJS.Signals;
  readyWithinMs: number;
  /** Writes the configuration and, the first time, makes the data. */
  prepare(): Promise<void> | void;
  /** Sends the server a real request; throws, within a second or two, while it does not answer. */
  ask(): Promise<unknown>;
  /** An exit during the start that passes by itself: if the log has this text, the server is launched again. */
  passingFault?: RegExp;
};

export type ServerProcess = {
  /** Undefined while the server does not run. */
  readonly pid: number | undefined;
  /** Starts it, on the same data and port if it ran before. @throws Error with the end of the server's log. */
  start(): Promise<void>;
  /** Ends it in order, by SIGKILL after 20 s. Does nothing if it does not run. */
  stop(): Promise<void>;
  /** SIGKILL by default; resolves when the process is gone, for SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
};

/** The size of the log in bytes, read before each start. */
const logLimit = 16 << 20;

export function createServerProcess(plan: ServerPlan): ServerProcess {
  const log = join(plan.folder, "server.log");
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  let wanted = false;

  function launch(): number {
    if (!wanted) throw new Error(`${plan.name} was stopped while it started`);
    const output = openSync(log, "a");
    const from = statSync(log).size;
    const [program, ...args] = plan.command;
    // A process group of its own: Ctrl-C in a terminal reaches only the runner, which then stops all servers in order.
    child = spawn(program, args, {
      cwd: plan.folder,
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...plan.env },
      ...plan.user,
    });
    closeSync(output);
    if (child.pid) remember(plan.folder, child.pid);
    child.unref();
    const launched = child;
    exited = once(launched, "exit")
      .catch((error) => appendFileSync(log, `${error}\n`)) // The process could not be spawned.
      .finally(() => {
        child = undefined;
        forget(plan.folder);
      });
    return from;
  }

  async function untilReady(logFrom: number): Promise<void> {
    const deadline = Date.now() + plan.readyWithinMs;
    const logged = () => lastLines(readFileSync(log).subarray(logFrom).toString(), 20);
    let why: unknown;
    while (Date.now() < deadline) {
      if (!child) {
        if (wanted && !plan.passingFault?.test(logged())) {
          throw new Error(`${plan.name} ended while it started. The end of ${log}:\n${logged()}`);
        }
        await sleep(100);
        launch();
      }
      try {
        await plan.ask();
        if (child) return;
      } catch (error) {
        why = error;
      }
      await sleep(50);
    }
    const seconds = plan.readyWithinMs / 1000;
    throw new Error(`${plan.name} did not answer within ${seconds} s: ${why}. The end of ${log}:\n${logged()}`);
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!child?.pid) return;
    signalGroup(child.pid, signal);
    if (signal === "SIGSTOP" || signal === "SIGCONT") return;
    // If it were unreferenced, the runner's event loop could end while we wait for it.
    child.ref();
    await exited;
  }

  return {
    get pid() {
      return child?.pid;
    },
    async start() {
      if (child) throw new Error(`${plan.name} runs already, as process ${child.pid}`);
      wanted = true;
      mkdirSync(plan.folder, { recursive: true, mode: 0o700 });
      const { size } = statSync(log, { throwIfNoEntry: false }) ?? { size: 0 };
      if (size > logLimit) renameSync(log, `${log}.old`);
      await plan.prepare();
      await untilReady(launch()).catch(async (error) => {
        await kill();
        throw error;
      });
    },
    async stop() {
      wanted = false;
      const gone = kill(plan.stopSignal);
      // A server paused by SIGSTOP handles other signals only after it continues.
      await kill("SIGCONT");
      await within(20_000, gone, goOn);
      await kill();
    },
    kill,
  };
}
