/**
 * Runs a story inside Temporal's sandbox. Everything that a workflow file imports is bundled, so this file reaches no
 * host code.
 */
import {
  condition,
  defineSignal,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  setWorkflowOptions,
  sleep,
} from "@temporalio/workflow";
import { type Steps, type Story, stepPatience, type WaitForNudge } from "../workflows.ts";

export const nudgeSignal = "nudge";

/**
 * The function for a workflow file to export, under the story's name.
 *
 * Open runs are replayed against it: a story that changes the order of its steps needs a new name, and the old one
 * stays exported until its runs have ended.
 */
export function temporalStory<Input, S extends Steps>({ tell }: Pick<Story<Input, S>, "tell">) {
  async function told(input: Input): Promise<string> {
    let nudged = false;
    setHandler(defineSignal(nudgeSignal), () => {
      nudged = true;
    });

    const waitForNudge: WaitForNudge = async (untilMs) => {
      const remainingMs = untilMs - Date.now();
      // A timer of zero length would still cost three events and a workflow task.
      const heard = remainingMs > 0 ? await condition(() => nudged, remainingMs) : nudged;
      nudged = false;
      return heard ? "nudged" : "deadline";
    };

    return tell(input, durableSteps<S>(), waitForNudge);
  }
  // Otherwise an error of the story's own would repeat its workflow task for ever, and the run would never count as
  // failed.
  setWorkflowOptions({ failureExceptionTypes: [Error] }, told);
  return told;
}

const { firstPauseMs, pauseFactor, longestPauseMs, attemptTimeoutMs } = stepPatience;

const locally = proxyLocalActivities({ startToCloseTimeout: attemptTimeoutMs, retry: { maximumAttempts: 1 } });

/** Counts from the second attempt. */
const retry = {
  initialInterval: firstPauseMs * pauseFactor,
  backoffCoefficient: pauseFactor,
  maximumInterval: longestPauseMs,
};
const untilDone = proxyActivities({ startToCloseTimeout: attemptTimeoutMs, retry });

/** In the history of a run whose step an earlier version gave up, and which this version has continued. */
const retriedAgain = "a step that was given up is tried again";

/**
 * The first attempt is a local activity, which adds no server call of its own: everything between two waits is reported
 * in one call. The others are ordinary activities: their retries leave no trace in the history, whose length is
 * limited, so they can go on for days; and a step that hangs blocks no workflow task.
 */
function durableSteps<S extends Steps>(): S {
  function durable(name: string): Steps[string] {
    return async (input) => {
      try {
        return await step(locally, name)(input);
      } catch {
        await sleep(firstPauseMs);
      }
      for (;;) {
        try {
          return await step(untilDone, name)(input);
        } catch (error) {
          // Only a step that an earlier version began can fail here, because it gave some steps five attempts. A
          // history that went on from there is replayed as it was; a present run tries again. A cancelled run ends.
          if (isCancellation(error) || !patched(retriedAgain)) throw error;
        }
      }
    };
  }
  return new Proxy({} as S, { get: (_, name: string) => durable(name) });
}

/** Temporal's proxies have a function for every name. */
function step(proxy: Steps, name: string): Steps[string] {
  return proxy[name] as Steps[string];
}
