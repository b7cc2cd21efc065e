/** The pace of this machine at this moment, so that a story leaves its pages time before a moment that does not wait. */

/** Whole milliseconds that the work took. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return Math.ceil(performance.now() - beganMs);
}
