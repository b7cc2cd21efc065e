/** Repeats steps until they succeed, for engines whose own retries cannot express the port's pauses. */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import { goOn, within } from "#platform/deadline";
import type { Log } from "#platform/log";
import { createTurns } from "#platform/turns";
import { stepPatience } from "./workflows.ts";

export type Attempts = {
  /** Never settles once the attempts are closed: the process that continues the run tries the step again. */
  run(step: { run: string; name: string; attempt(): Promise<unknown> }): Promise<unknown>;
  /** Begins no further attempt and waits for those under way, at most `withinMs`. */
  close(withinMs: number): Promise<void>;
};

const { attemptTimeoutMs, firstPauseMs, longestPauseMs, pauseFactor } = stepPatience;
const backoff = { firstMs: firstPauseMs, longestMs: longestPauseMs, factor: pauseFactor };

export function createAttempts(log: Log): Attempts {
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const turns = createTurns(stepPatience.attemptsAtOnce);

  async function tryOnce(attempt: () => Promise<unknown>): Promise<unknown> {
    return turns(async () => {
      if (closing.signal.aborted) return never;
      const trying = within(attemptTimeoutMs, attempt(), () => {
        throw new Error(`no answer within ${attemptTimeoutMs} ms; whether the step took effect is unknown`);
      });
      underWay.add(trying);
      try {
        return await trying;
      } finally {
        underWay.delete(trying);
      }
    });
  }

  return {
    async run({ run, name, attempt }) {
      // Ends when the step succeeds, or with the process.
      for (let count = 1; ; count += 1) {
        try {
          return await tryOnce(attempt);
        } catch (error) {
          log.warn("step failed", { run, step: name, attempt: count }, error);
        }
        await sleep(pauseAfter(count, backoff), undefined, { signal: closing.signal }).catch(() => never);
      }
    },
    async close(withinMs) {
      closing.abort();
      await settledWithin(underWay, withinMs);
    },
  };
}

/** The result of work in a process that is closing: it neither succeeds nor fails, so the story gets no answer. */
export const never = new Promise<never>(() => {});

export async function settledWithin(work: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  await within(ms, Promise.allSettled(work), goOn);
}
