/**
 * Counts failed tries, and refuses further ones of an account or a network that has too many. A success takes its count
 * back, so that many people behind one address can sign in. Each process counts for itself.
 */
import { elapsedMs } from "#platform/clock";

export type Guesses = {
  /** Counts a try before it is made, so that many at once are not more than the limit. */
  begin(...keys: readonly string[]): { ok: true; succeeded(): void } | { ok: false; waitMs: number };
};

/** Keys that are remembered. Beyond them the oldest are forgotten. */
const mostKeys = 100_000;

export function createGuesses({ limit, windowMs }: { limit: number; windowMs: number }): Guesses {
  const counts = new Map<string, { count: number; untilMs: number }>();

  function liveOf(key: string, nowMs: number) {
    const known = counts.get(key);
    return known && known.untilMs > nowMs ? known : undefined;
  }

  function entryOf(key: string, nowMs: number) {
    const known = liveOf(key, nowMs);
    if (known) return known;
    counts.delete(key);
    const fresh = { count: 0, untilMs: nowMs + windowMs };
    counts.set(key, fresh);
    const oldest = counts.size > mostKeys ? counts.keys().next().value : undefined;
    if (oldest !== undefined) counts.delete(oldest);
    return fresh;
  }

  return {
    begin(...keys) {
      const nowMs = elapsedMs();
      const ends = keys.flatMap((key) => {
        const known = liveOf(key, nowMs);
        return known && known.count >= limit ? [known.untilMs] : [];
      });
      // A refused try is not remembered: with another key in each, a sender could have their own count forgotten.
      if (ends.length > 0) return { ok: false, waitMs: Math.max(...ends) - nowMs };
      const entries = keys.map((key) => [key, entryOf(key, nowMs)] as const);
      for (const [, entry] of entries) entry.count += 1;
      return {
        ok: true,
        succeeded() {
          for (const [key, entry] of entries) {
            entry.count -= 1;
            if (entry.count === 0 && counts.get(key) === entry) counts.delete(key);
          }
        },
      };
    },
  };
}
