/** Keeps virtual time: all future events are in one queue, and happen one at a time. */
import { createRequire, syncBuiltinESMExports } from "node:module";
import type { Random } from "./random.ts";

export type Timeline = {
  /** Milliseconds since 1970. */
  now(): number;
  steps(): number;
  /** Adds it to the queue; returns a function that removes it. */
  after(ms: number, happen: () => void): () => void;
  /** Runs events, one at a time, each followed by everything that it wakes, while `goesOn`. */
  run(goesOn: () => boolean, afterEach: () => void): Promise<void>;
  /** For timers of the code under test: how late they may fire. */
  lateness: { ms: number };
  /** A setting that only a planted bug uses. */
  elapsed: { setByMs: number };
};

type Happening = { atMs: number; turn: number; happen: (() => void) | undefined };

const realImmediate = setImmediate;
const startMs = Date.UTC(2026, 10, 27, 9);

export function createTimeline(): Timeline {
  const heap = createHeap();
  let nowMs = startMs;
  let turns = 0;
  let steps = 0;
  return {
    lateness: { ms: 0 },
    elapsed: { setByMs: 0 },
    now: () => Math.floor(nowMs),
    steps: () => steps,
    after(ms, happen) {
      const happening: Happening = { atMs: nowMs + Math.max(0, ms), turn: turns, happen };
      turns += 1;
      heap.push(happening);
      return () => {
        happening.happen = undefined;
      };
    },
    async run(goesOn, afterEach) {
      while (goesOn()) {
        const next = heap.pop();
        if (!next) return;
        if (!next.happen) continue;
        nowMs = Math.max(nowMs, next.atMs);
        steps += 1;
        next.happen();
        // All promises that follow from it settle before the next event.
        await new Promise((resolve) => realImmediate(resolve));
        afterEach();
      }
    },
  };
}

function createHeap() {
  const items: Happening[] = [];
  const before = (i: number, j: number) => {
    const [a, b] = [items[i] as Happening, items[j] as Happening];
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn);
  };
  const swap = (i: number, j: number) => {
    [items[i], items[j]] = [items[j] as Happening, items[i] as Happening];
  };
  return {
    push(item: Happening): void {
      items.push(item);
      for (let i = items.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1;
        if (!before(i, parent)) return;
        swap(i, parent);
        i = parent;
      }
    },
    pop(): Happening | undefined {
      if (items.length === 0) return undefined;
      swap(0, items.length - 1);
      const first = items.pop();
      for (let i = 0; ; ) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) if (child < items.length && before(child, least)) least = child;
        if (least === i) return first;
        swap(i, least);
        i = least;
      }
    },
  };
}

type TimersPromises = { setTimeout(ms?: number, value?: unknown): Promise<unknown> };
const timersPromises = createRequire(import.meta.url)("node:timers/promises") as TimersPromises;

/** Gives the code under test this timeline's clock and timers, until the returned function is called. */
export function takeOverTimers({ after, now, lateness, elapsed }: Timeline, random: Random): () => void {
  const real = {
    setTimeout,
    clearTimeout,
    now: performance.now,
    dateNow: Date.now,
    random: Math.random,
    sleep: timersPromises.setTimeout,
  };
  const set = (happen: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    // No rule depends on a timer that fires on time.
    const timer = {
      cancel: after(ms + random.next() * lateness.ms, () => happen(...args)),
      unref: () => timer,
      ref: () => timer,
    };
    return timer;
  };
  globalThis.setTimeout = set as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer?: { cancel?(): void }) => timer?.cancel?.()) as typeof clearTimeout;
  performance.now = () => now() - startMs + elapsed.setByMs;
  Date.now = now;
  Math.random = random.next;
  timersPromises.setTimeout = (ms, value) => new Promise((resolve) => set(() => resolve(value), ms));
  syncBuiltinESMExports();
  return () => {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    performance.now = real.now;
    Date.now = real.dateNow;
    Math.random = real.random;
    timersPromises.setTimeout = real.sleep;
    syncBuiltinESMExports();
  };
}
