/** Pauses between tries: each longer than the one before by the factor (2 where none is given), up to the longest. */
export type Backoff = { firstMs: number; longestMs: number; factor?: number };

/** `failures` so far, in a row: after the first one it is 1. */
export function pauseAfter(failures: number, { firstMs, longestMs, factor = 2 }: Backoff): number {
  return Math.min(firstMs * factor ** (failures - 1), longestMs);
}

/** Somewhere up to that pause: two that were in each other's way are not so again. */
export function randomPauseAfter(failures: number, backoff: Backoff): number {
  return Math.random() * pauseAfter(failures, backoff);
}
