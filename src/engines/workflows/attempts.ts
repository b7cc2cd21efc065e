/** Repeats steps until they succeed, for engines whose own retries cannot express the port's pauses. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import { stepPatience } from "./workflows.ts";

export type Attempts = {
  /** Never settles once the attempts are closed: the process that tells the run next tries the step again. */
  run(step: { run: string; name: string; attempt(): Promise<unknown> }): Promise<unknown>;
  /** Begins nothing any more and waits for what is under way, at most `withinMs`. */
  close(withinMs: number): Promise<void>;
};

export function createAttempts(log: Log): Attempts {
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const turns = createTurns(stepPatience.attemptsAtOnce);

  async function tryOnce(attempt: () => Promise<unknown>): Promise<unknown> {
    await turns.take();
    if (closing.signal.aborted) return never;
    const trying = withTimeout(attempt);
    underWay.add(trying);
    try {
      return await trying;
    } finally {
      underWay.delete(trying);
      turns.give();
    }
  }

  return {
    async run({ run, name, attempt }) {
      // Ends when the step succeeds, or with the process.
      for (let count = 1; ; count++) {
        try {
          return await tryOnce(attempt);
        } catch (error) {
          log.warn("step failed", { run, step: name, attempt: count }, error);
        }
        await sleep(pauseAfterMs(count), undefined, { signal: closing.signal }).catch(() => never);
      }
    },
    async close(withinMs) {
      closing.abort();
      await settledWithin(underWay, withinMs);
    },
  };
}

/** What belongs to a process that is going away: it neither succeeds nor fails, so the story hears nothing of it. */
export const never = new Promise<never>(() => {});

export async function settledWithin(work: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  const patience = new AbortController();
  await Promise.race([Promise.allSettled(work), sleep(ms, undefined, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
}

function pauseAfterMs(attempt: number): number {
  const { firstPauseMs, pauseFactor, longestPauseMs } = stepPatience;
  return Math.min(firstPauseMs * pauseFactor ** (attempt - 1), longestPauseMs);
}

async function withTimeout(attempt: () => Promise<unknown>): Promise<unknown> {
  const { attemptTimeoutMs } = stepPatience;
  const over = new AbortController();
  const timeout = sleep(attemptTimeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer within ${attemptTimeoutMs} ms; whether the step took effect is unknown`);
  });
  try {
    return await Promise.race([attempt(), timeout]);
  } finally {
    timeout.catch(() => {});
    over.abort();
  }
}

/** First come, first served. The line is as long as there are open runs: each waits for one turn at most. */
function createTurns(atOnce: number) {
  let free = atOnce;
  const line: (() => void)[] = [];
  return {
    async take(): Promise<void> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => line.push(resolve));
    },
    give(): void {
      const next = line.shift();
      if (next) next();
      else free++;
    },
  };
}
