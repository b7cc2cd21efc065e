/** Says when a delivery that failed is tried again. Pure. */

const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;

/** The pause before each attempt. After the last attempt the delivery has failed. */
const pausesMs = [
  0,
  5 * seconds,
  5 * minutes,
  30 * minutes,
  2 * hours,
  5 * hours,
  10 * hours,
  14 * hours,
  20 * hours,
  24 * hours,
] as const;

/** Pauses are longer by up to this share, so that what failed together does not come back together. */
const jitter = 0.1;
/** A receiver that asks for a longer pause is asked again after this one. */
const longestAskedMs = 24 * hours;

export const attemptsInAll = pausesMs.length;

/**
 * The pause after this many failed attempts, or undefined if there are no more. `random` is in [0, 1); `askedMs` is the
 * receiver's Retry-After.
 */
export function pauseBeforeNext(tries: number, random: number, askedMs = 0): number | undefined {
  const pauseMs = pausesMs[tries];
  if (pauseMs === undefined) return undefined;
  return Math.round(Math.max(pauseMs, Math.min(askedMs, longestAskedMs)) * (1 + jitter * random));
}

/** Retry-After is a number of seconds or a date: RFC 9110 §10.2.3. Anything else asks for nothing. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * seconds;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}
