/**
 * Remembers what failed, so that it keeps nothing else waiting: it is left out of the next turns, for longer after each
 * failure. A process that starts tries all of it at once.
 */
import { pauseAfter } from "./backoff.ts";
import { elapsedMs } from "./clock.ts";

export type Setbacks = {
  /** Those that failed, and are not to be tried again yet. */
  waiting(): string[];
  /** Does the work for this key, and remembers whether it failed. @throws its fault */
  attempt<T>(key: string, work: () => Promise<T>): Promise<T>;
};

const backoff = { firstMs: 2_000, longestMs: 60_000 };
/** The oldest failure is forgotten first: it is tried again at once. */
const keysAtMost = 10_000;

export function createSetbacks(): Setbacks {
  const failed = new Map<string, { failures: number; untilMs: number }>();

  function note(key: string): void {
    const failures = (failed.get(key)?.failures ?? 0) + 1;
    failed.delete(key);
    failed.set(key, { failures, untilMs: elapsedMs() + pauseAfter(failures, backoff) });
    const [oldest] = failed.keys();
    if (failed.size > keysAtMost && oldest !== undefined) failed.delete(oldest);
  }

  return {
    waiting: () => [...failed].flatMap(([key, { untilMs }]) => (untilMs > elapsedMs() ? [key] : [])),

    async attempt(key, work) {
      try {
        const done = await work();
        failed.delete(key);
        return done;
      } catch (error) {
        note(key);
        throw error;
      }
    },
  };
}
