/**
 * Computes pauses between tries: each is longer than the one before by the factor (2 by default), up to the longest.
 */
export type Backoff = { firstMs: number; longestMs: number; factor?: number };

/** Failures in a row so far: 1 after the first one. */
export function pauseAfter(failures: number, { firstMs, longestMs, factor = 2 }: Backoff): number {
  return Math.min(firstMs * factor ** (failures - 1), longestMs);
}

/** A random time up to that pause, so that two callers that collided do not collide again. */
export function randomPauseAfter(failures: number, backoff: Backoff): number {
  return Math.random() * pauseAfter(failures, backoff);
}
