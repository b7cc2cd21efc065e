/**
 * Defines two clocks with two names, which are never subtracted from each other. `elapsedMs` measures how long
 * something takes: for pauses, probes, ages and time limits within this process. A time of day (`nowMs`, or `now` when
 * it is passed on) says when something happens: for times that are stored, shown, or compared between processes. An
 * operator or a time server may set the time of day, forwards and back, at any moment.
 */
/** Milliseconds since some moment of this process. Never goes back, and has no meaning in another process. */
export function elapsedMs(): number {
  return performance.now();
}

/** Code that needs the time is given one of these, so that a simulation can run years in a second. */
export type Clock = {
  /** The time of day, milliseconds since 1970 in UTC. */
  nowMs(): number;
};

export const systemClock: Clock = { nowMs: () => Date.now() };
