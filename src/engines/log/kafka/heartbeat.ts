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
  stop(): void;
};

export type HeartbeatOptions = {
  send(): Promise<void>;
  /** Whether the number of partitions differs from the number that was assigned. */
  hasChanged(): Promise<boolean>;
  sessionTimeoutMs: number;
};

/** A member notices a rebalance with its next heartbeat. */
const longestIntervalMs = 1_000;

export function startHeartbeat({ send, hasChanged, sessionTimeoutMs }: HeartbeatOptions): Heartbeat {
  const rebalancing = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const stopped = new AbortController();
  const intervalMs = Math.min(sessionTimeoutMs / 10, longestIntervalMs);
  let heardAtMs = elapsedMs();

  async function once(): Promise<void> {
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
      }
    }
  }

  async function keepSending(): Promise<void> {
    for (;;) {
      await sleep(intervalMs, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) return;
      await once();
    }
  }

  function lose(): void {
    lost.resolve();
    stopped.abort();
  }

  void keepSending();
  return { rebalancing: rebalancing.promise, lost: lost.promise, lose, stop: () => stopped.abort() };
}
