/** Writes moments for requests of tests. */
export const hourMs = 3_600_000;

/** The moment in so many milliseconds. */
export function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
