/** Everything in docs/guide/sizing.md that was not measured. Change it here, then run `npm run generate`. */

/** The measurement in bench/history.ndjson from which the costs of an order are taken. */
export const measuredAt = "2026-11-27T03:25:49.866Z";
export const measuredBy = "npm run bench -- confirm accept sustained sold-out overload idle --keep";

export const assumptions = {
  /** The share of a machine that is in use at the peak: the rest is for the loss of a machine, and for bursts. */
  utilisation: 0.6,
  /** So long accepts are at their peak. */
  peakSeconds: 60,
  /** So long the orders of a peak take to be paid and confirmed. */
  payingSeconds: 600,
  /** Each order is copied to further brokers, which write it as the first one does, without its consumers. */
  copies: 2,
  costOfCopy: 0.5,
  /** A core of these machines does as much as a core of the measured machine. */
  machine: { cores: 16, eurosAMonth: 420 },
  /** The largest machine for one PostgreSQL primary; orders of one shop have one primary. */
  largest: { cores: 96, eurosAMonth: 3_600 },
  /** Settlement and sagas: one partition keeps less than half a core busy, so that a late one catches up. */
  coresOfPartition: 0.4,
} as const;

export const rates = [1_000, 10_000, 100_000, 1_000_000] as const;
