/**
 * Tells for how long the oldest entry of a queue has waited, for queues that only count their entries: a sample remembers
 * when each end was first seen. The age is never too large, and too small by one pause between two samples at most; after
 * a start it counts from the start.
 */
import { elapsedMs } from "#platform/clock";

export type Ages = {
  /** Notes the queue's end, and returns the age of the entry `next` in milliseconds; 0 if it does not wait. */
  sample(next: bigint, end: bigint): number;
};

/** Enough for an hour of samples, every four seconds. Beyond it only every second one is kept. */
const mostSamples = 1_000;

export function createAges(clock: () => number = elapsedMs): Ages {
  let samples: { end: bigint; atMs: number }[] = [];
  return {
    sample(next, end) {
      const nowMs = clock();
      // A queue that was made anew counts from its start again.
      samples = samples.filter((sample) => sample.end > next && sample.end <= end);
      if (end > next && samples.at(-1)?.end !== end) samples.push({ end, atMs: nowMs });
      if (samples.length > mostSamples) samples = samples.filter((_, i) => i % 2 === 0);
      const first = samples[0];
      return first ? nowMs - first.atMs : 0;
    },
  };
}
