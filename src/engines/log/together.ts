/** Handles partitions together that have records at the same time: one statement instead of one for each of them. */
import { createBatcher } from "#platform/batch";

type Records<R> = { records: readonly R[] };

const partitionsAtOnce = 8;
const maxPartitions = 10_000;

/**
 * For `consume`. Records come again after a failure, also those that `take` has handled. A partition whose records fail
 * does not hold up the others.
 */
export function handleTogether<R>(take: (records: readonly R[]) => Promise<void>) {
  const handled = createBatcher<Records<R>, void>({
    maxBatch: partitionsAtOnce,
    maxWaiting: maxPartitions,
    mayBeOnesFault: () => true,
    async run(batches) {
      const records = batches.flatMap((batch) => batch.records);
      if (records.length > 0) await take(records);
      return batches.map(() => undefined);
    },
  });
  return (batch: Records<R>): Promise<void> => handled.add(batch);
}
