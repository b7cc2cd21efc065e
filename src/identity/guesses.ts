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

  function entryOf(key: string, nowMs: number) {
    const known = counts.get(key);
    if (known && known.untilMs > nowMs) return known;
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
      const entries = keys.map((key) => entryOf(key, nowMs));
      const full = entries.filter(({ count }) => count >= limit);
      if (full.length > 0) return { ok: false, waitMs: Math.max(...full.map(({ untilMs }) => untilMs)) - nowMs };
      for (const entry of entries) entry.count += 1;
      return {
        ok: true,
        succeeded() {
          for (const entry of entries) entry.count -= 1;
        },
      };
    },
  };
}
