/**
 * Names places at which a test may kill, stop, delay or fail the process, like PostgreSQL's injection points and
 * FreeBSD's fail points. `FP="orders.appended:kill@3,gate.reserved:delay=50"` arms them from outside; while none is
 * armed, a point costs one comparison.
 */
import { setTimeout as sleep } from "node:timers/promises";

export type CrashAction =
  | { kind: "kill" }
  | { kind: "stop" }
  | { kind: "delay"; ms: number }
  | { kind: "error"; message?: string };

type Armed = {
  action: CrashAction;
  /** Fires only on this pass, counted from 1; absent: on each. */
  pass?: number;
  passes: number;
};

export class CrashPointError extends Error {
  constructor(point: string, message = "") {
    super(`crash point ${point} was told to fail${message && `: ${message}`}`);
    this.name = "CrashPointError";
  }
}

const armed = parseCrashPoints(process.env.FP ?? "");

/** `await crashPoint("orders.appended")`. @throws CrashPointError if the point is armed with `error`. */
export function crashPoint(name: string): Promise<void> | undefined {
  if (armed.size === 0) return undefined;
  const point = armed.get(name);
  if (!point) return undefined;
  point.passes += 1;
  if (point.pass !== undefined && point.pass !== point.passes) return undefined;
  return act(name, point.action);
}

/**
 * Arms a point of this process until the returned function is called. `pass` counts from 1.
 * @internal For tests in one process; the process itself arms what FP names.
 */
export function armCrashPoint(name: string, action: CrashAction, pass?: number): () => void {
  const point: Armed = { action, passes: 0, ...(pass !== undefined && { pass }) };
  armed.set(name, point);
  return () => {
    if (armed.get(name) === point) armed.delete(name);
  };
}

/** @internal For tests in one process. */
export function disarmCrashPoints(): void {
  armed.clear();
}

/**
 * @throws Error naming the first entry that cannot be read, because with a mistyped entry a crash test would pass
 * without a crash.
 */
export function parseCrashPoints(text: string): Map<string, Armed> {
  const points = new Map<string, Armed>();
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const match = /^(?<name>[\w.-]+):(?<kind>kill|stop|error|delay=(?<ms>\d+))(?:@(?<pass>[1-9]\d*))?$/.exec(entry);
    if (!match?.groups) {
      throw new Error(`FP entry "${entry}" is not name:kill|stop|error|delay=ms, optionally followed by @pass`);
    }
    const { name, kind, ms, pass } = match.groups as { name: string; kind: string; ms?: string; pass?: string };
    const action: CrashAction =
      ms === undefined ? { kind: kind as "kill" | "stop" | "error" } : { kind: "delay", ms: Number(ms) };
    points.set(name, { action, passes: 0, ...(pass !== undefined && { pass: Number(pass) }) });
  }
  return points;
}

async function act(name: string, action: CrashAction): Promise<void> {
  switch (action.kind) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      // The signal may arrive a moment later; nothing after this point may run before it does.
      return new Promise(() => {});
    case "stop":
      process.kill(process.pid, "SIGSTOP");
      return;
    case "delay":
      await sleep(action.ms);
      return;
    case "error":
      throw new CrashPointError(name, action.message);
  }
}
