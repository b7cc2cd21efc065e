import { setTimeout as sleepTimer } from "node:timers/promises";

/** Whoever needs the time is given one of these, so that a simulation can run years in a second. */
export type Clock = {
  /** Milliseconds since 1970 in UTC. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await sleepTimer(ms, undefined, signal && { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
