/** The heartbeats of one seat, and what they tell: that the group divides itself anew, or that the seat is gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, isRefusal } from "./errors.ts";

export type Pulse = {
  /** The group divides itself anew. The seat is good until this member joins again, or until the others' patience ends. */
  called: Promise<void>;
  /** Others may hold the partitions by now. */
  lost: Promise<void>;
  /** Another part has noticed that the membership is lost. */
  lose(): void;
  stop(): void;
};

export type PulseOptions = {
  beat(): Promise<void>;
  /** Whether there is more or less to divide than when it was divided. */
  hasChanged(): Promise<boolean>;
  sessionTimeoutMs: number;
};

/** A rebalance is noticed by the next heartbeat. */
const LONGEST_BEAT_MS = 1_000;

export function startPulse({ beat, hasChanged, sessionTimeoutMs }: PulseOptions): Pulse {
  const called = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const stopped = new AbortController();
  const everyMs = Math.min(sessionTimeoutMs / 10, LONGEST_BEAT_MS);
  let heardAtMs = performance.now();

  async function once(): Promise<void> {
    try {
      await beat();
      heardAtMs = performance.now();
      if (await hasChanged()) called.resolve();
    } catch (error) {
      if (isRefusal(error, "REBALANCE_IN_PROGRESS")) {
        heardAtMs = performance.now();
        called.resolve();
      } else if (!isPassing(error) || performance.now() - heardAtMs > sessionTimeoutMs) {
        lose();
      }
    }
  }

  async function keepBeating(): Promise<void> {
    for (;;) {
      await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      await once();
    }
  }

  function lose(): void {
    lost.resolve();
    stopped.abort();
  }

  void keepBeating();
  return { called: called.promise, lost: lost.promise, lose, stop: () => stopped.abort() };
}
