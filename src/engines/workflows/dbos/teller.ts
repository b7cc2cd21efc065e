/** Runs a story inside a DBOS workflow, and keeps the engine's own errors from it. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Log } from "#platform/log";
import { createAttempts, never, settledWithin } from "../attempts.ts";
import type { Steps, Story, WaitForNudge } from "../workflows.ts";

export const nudgeTopic = "nudge";

/**
 * LISTEN wakes waiting runs; the poll is for a notification that was lost with its connection. Ten thousand waiting
 * runs that poll every 10 s cost 1,700 transactions a second (measured), so the interval is long.
 */
const pollMs = 30_000;

/** What DBOS stores of a step. `failure` exists only in runs of versions that gave up a step after five attempts. */
type Kept = { outcome: unknown } | { failure: string };

export type Teller<Input> = {
  /** The workflow function: its promise settles as the story does, or with an error of DBOS itself. */
  tell(input: Input): Promise<string>;
  /** Begins no further step, and waits at most `withinMs` until those under way are done and stored. */
  close(withinMs: number): Promise<void>;
};

export function createTeller<Input, S extends Steps>(story: Story<Input, S>, log: Log): Teller<Input> {
  const attempts = createAttempts(log);
  const beginning = new Set<Promise<unknown>>();
  const writing = new Set<Promise<unknown>>();
  let closed = false;

  function runStep(name: string, attempt: () => Promise<unknown>): Promise<Kept> {
    const run = DBOS.workflowID ?? "";
    // Until the step's body runs, DBOS looks up whether the step has an answer. If it is shut down in that moment, DBOS
    // fails the step with an error of its own and stores that as the step's answer.
    const begun = Promise.withResolvers<void>();
    beginning.add(begun.promise);
    begun.promise.then(() => beginning.delete(begun.promise));
    const step: Promise<Kept> = DBOS.runStep(
      async () => {
        begun.resolve();
        const outcome = await attempts.run({ run, name, attempt });
        writing.add(step);
        return { outcome };
      },
      { name },
    );
    const over = () => {
      begun.resolve();
      writing.delete(step);
    };
    step.then(over, over);
    return step;
  }

  return {
    async tell(input) {
      const fault = Promise.withResolvers<never>();

      // The story may undo its work when a step fails. It must not do so if another process has taken over the run, or
      // if DBOS cannot store the answer. So such an error skips the story and goes back to DBOS.
      async function engine<T>(call: () => Promise<T>): Promise<T> {
        if (closed) return never;
        try {
          const answer = await call();
          return closed ? never : answer;
        } catch (error) {
          if (!closed) fault.reject(error);
          return never;
        }
      }

      function durable(name: string, step: Steps[string]): Steps[string] {
        return async (argument) => {
          const kept = await engine(() => runStep(name, () => step(argument)));
          if ("failure" in kept) throw new Error(`step ${name} was given up: ${kept.failure}`);
          return kept.outcome;
        };
      }

      const waitForNudge: WaitForNudge = async (untilMs) => {
        const options = { deadlineEpochMS: untilMs, pollingIntervalMs: pollMs };
        const nudged = await engine(() => DBOS.recv<true>(nudgeTopic, options));
        return nudged ? "nudged" : "deadline";
      };

      const steps = Object.entries(story.steps).map(([name, step]) => [name, durable(name, step)]);
      return Promise.race([story.tell(input, Object.fromEntries(steps) as S, waitForNudge), fault.promise]);
    },

    async close(withinMs) {
      closed = true;
      await Promise.all([attempts.close(withinMs), settledWithin(beginning, withinMs)]);
      await settledWithin(writing, withinMs);
    },
  };
}
