/** Runs many schedules on all processors, for the output of `npm run simulate` and for a certificate. */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Planted } from "./planted.ts";
import type { ScheduleResult, Violation } from "./schedule.ts";

export type SeedViolation = Violation & { seed: number };

export type Figures = {
  schedules: number;
  /** Events: an answer that arrives, a timer that fires. */
  steps: number;
  virtualMs: number;
  wallMs: number;
  /** Requests to place an order, and orders in the books at the end. */
  requests: number;
  orders: number;
  /** How often each kind of fault happened. */
  faults: Map<string, number>;
  violations: SeedViolation[];
};

export type RunOptions = {
  seeds: readonly number[];
  planted?: Planted | undefined;
  /** Worker threads; absent: all processors. */
  threads?: number;
  /** The first violation ends the run. */
  stopAtFirst?: boolean;
  onProgress?(figures: Figures): void;
};

export type Order = { seeds: readonly number[]; planted: Planted | undefined };

const seedsAtOnce = 10;

export async function runSchedules(options: RunOptions): Promise<Figures> {
  const { seeds, planted, threads = availableParallelism(), stopAtFirst = false, onProgress } = options;
  const beganMs = performance.now();
  const figures: Figures = {
    schedules: 0,
    steps: 0,
    virtualMs: 0,
    wallMs: 0,
    requests: 0,
    orders: 0,
    faults: new Map(),
    violations: [],
  };
  let next = 0;

  function take(): Order | undefined {
    if (next >= seeds.length || (stopAtFirst && figures.violations.length > 0)) return undefined;
    const some = seeds.slice(next, next + seedsAtOnce);
    next += some.length;
    return { seeds: some, planted };
  }

  async function work(): Promise<void> {
    const worker = new Worker(new URL("./schedule.worker.ts", import.meta.url));
    try {
      for (let order = take(); order; order = take()) {
        for (const outcome of await ask(worker, order)) add(figures, outcome);
        figures.wallMs = performance.now() - beganMs;
        onProgress?.(figures);
      }
    } finally {
      await worker.terminate();
    }
  }

  const enough = Math.min(threads, Math.ceil(seeds.length / seedsAtOnce));
  await Promise.all(Array.from({ length: enough }, work));
  figures.wallMs = performance.now() - beganMs;
  figures.violations = figures.violations.toSorted((a, b) => a.seed - b.seed);
  return figures;
}

async function ask(worker: Worker, order: Order): Promise<ScheduleResult[]> {
  const answered = once(worker, "message");
  worker.postMessage(order);
  const [results] = await answered;
  return results;
}

function add(figures: Figures, { seed, steps, virtualMs, orders, requests, faults, violation }: ScheduleResult): void {
  figures.schedules += 1;
  figures.steps += steps;
  figures.virtualMs += virtualMs;
  figures.orders += orders;
  figures.requests += requests;
  for (const [kind, times] of faults) figures.faults.set(kind, (figures.faults.get(kind) ?? 0) + times);
  if (violation) figures.violations.push({ ...violation, seed });
}

/** `count` seeds starting at `first`. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
