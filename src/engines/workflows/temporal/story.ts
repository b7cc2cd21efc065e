/** Tells a story inside of Temporal's sandbox: whatever a workflow file imports is bundled, so no host code is reached from here. */
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

export const NUDGE_SIGNAL = "nudge";

/**
 * The function for a workflow file to export, under the story's name.
 *
 * Open runs are replayed against it: one that comes to ask for its steps in another order needs another name, and the
 * old one stays exported until its runs have ended.
 */
export function temporalStory<Input, S extends Steps>({ tell }: Pick<Story<Input, S>, "tell">) {
  async function told(input: Input): Promise<string> {
    let nudged = false;
    setHandler(defineSignal(NUDGE_SIGNAL), () => {
      nudged = true;
    });

    const waitForNudge: WaitForNudge = async (untilMs) => {
      const remainingMs = untilMs - Date.now();
      // A timer of no length is one all the same: three events and a turn of the worker.
      const heard = remainingMs > 0 ? await condition(() => nudged, remainingMs) : nudged;
      nudged = false;
      return heard ? "nudged" : "deadline";
    };

    return tell(input, durableSteps<S>(), waitForNudge);
  }
  // Else an error of the story's own would have its turn tried again for ever, and the run would never be said to fail.
  setWorkflowOptions({ failureExceptionTypes: [Error] }, told);
  return told;
}

const { firstPauseMs, pauseFactor, longestPauseMs, attemptTimeoutMs } = stepPatience;

const locally = proxyLocalActivities({ startToCloseTimeout: attemptTimeoutMs, retry: { maximumAttempts: 1 } });

/** Their count begins with the second attempt. */
const retry = {
  initialInterval: firstPauseMs * pauseFactor,
  backoffCoefficient: pauseFactor,
  maximumInterval: longestPauseMs,
};
const untilDone = proxyActivities({ startToCloseTimeout: attemptTimeoutMs, retry });

/** In the history of a run whose step an earlier version gave up, and which this version has taken up again. */
const RETRIED_AGAIN = "a step that was given up is tried again";

/**
 * The first attempt is a local activity, which costs the server nothing of its own: all that happens between two waits
 * is reported in one call. The others are ordinary activities: their retries leave no trace in the history, whose
 * length is limited, so they can go on for days; and a step that hangs holds up no turn of the worker.
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
          // Only what an earlier version began can fail here: it gave some steps five attempts. A history that went on
          // from there has to be replayed as it was; a run that is there now tries again. A cancelled run ends.
          if (isCancellation(error) || !patched(RETRIED_AGAIN)) throw error;
        }
      }
    };
  }
  return new Proxy({} as S, { get: (_, name: string) => durable(name) });
}

/** Temporal's proxies answer to every name. */
function step(proxy: Steps, name: string): Steps[string] {
  return proxy[name] as Steps[string];
}
