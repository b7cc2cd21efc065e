/**
 * Lets loops wake together: on a machine at rest a waking costs more than what most loops do then
 * (docs/adr/0091-loops-at-rest-wake-together.md).
 */

const beatMs = 250;

/**
 * Returns the pause, milliseconds, that ends at the beat nearest to the end of `ms` from now. Pauses shorter than a beat stay
 * as they are; the others change by half a beat at most.
 */
export function toBeat(ms: number, nowMs: number): number {
  if (ms < beatMs) return ms;
  return Math.round((nowMs + ms) / beatMs) * beatMs - nowMs;
}
