/**
 * Sends the heartbeats of one membership. Their answers tell that the group rebalances, or that the membership is lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { isPassing, isRefusal } from "./errors.ts";

export type Heartbeat = {
  /** The group rebalances. The membership stays valid until this member joins again or the rebalance timeout ends. */
  rebalancing: Promise<void>;
  /** Other members may hold the partitions by now. */
  lost: Promise<void>;
  /** Another part has noticed that the membership is lost. */
  lose(): void;
  /** The group may rebalance: the next heartbeat is sent at once. */
  hurry(): void;
  stop(): void;
};

export type HeartbeatOptions = {
  send(): Promise<void>;
  /** Whether the number of partitions differs from the number that was assigned. */
  hasChanged(): Promise<boolean>;
  sessionTimeoutMs: number;
};

/** Partitions that were added are noticed with a heartbeat. */
const longestIntervalMs = 60_000;
/** After one that failed. */
const againMs = 1_000;

export function startHeartbeat({ send, hasChanged, sessionTimeoutMs }: HeartbeatOptions): Heartbeat {
  const rebalancing = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  // Rebalances are noticed in between by a look at all groups (rebalances.ts).
  const intervalMs = Math.min(sessionTimeoutMs / 6, longestIntervalMs);
  let heardAtMs = elapsedMs();
  let stopped = false;
  /** Ends the present pause. */
  let pause = new AbortController();

  /** Whether the coordinator has answered. */
  async function once(): Promise<boolean> {
    try {
      await send();
      heardAtMs = elapsedMs();
      if (await hasChanged()) rebalancing.resolve();
    } catch (error) {
      if (isRefusal(error, "REBALANCE_IN_PROGRESS")) {
        heardAtMs = elapsedMs();
        rebalancing.resolve();
      } else if (!isPassing(error) || elapsedMs() - heardAtMs > sessionTimeoutMs) {
        lose();
      } else {
        return false;
      }
    }
    return true;
  }

  async function keepSending(): Promise<void> {
    let pauseMs = intervalMs;
    while (!stopped) {
      pause = new AbortController();
      await sleep(pauseMs, undefined, { signal: pause.signal }).catch(() => {});
      if (stopped) return;
      pauseMs = (await once()) ? intervalMs : Math.min(intervalMs, againMs);
    }
  }

  function stop(): void {
    stopped = true;
    pause.abort();
  }

  function lose(): void {
    lost.resolve();
    stop();
  }

  void keepSending();
  return { rebalancing: rebalancing.promise, lost: lost.promise, lose, hurry: () => pause.abort(), stop };
}
