/** Records what a test appends and what is delivered: the records of each key, and the order of delivery. */
import type { Batch, NewRecord } from "../log.ts";

export type Journal = {
  /** The next record of a key, numbered from 0. Appends of one key must not overlap. */
  next(key: string): NewRecord;
  /** A record may come again, but never before the earlier records of its key, nor from another partition. */
  note(batch: Batch): void;
  /** Kept, because an error thrown in a handler only makes the log deliver the batch again. */
  fault(what: string): void;
  /** All faults so far, and the records that were appended and not delivered. */
  faults(): string[];
};

export function createJournal(): Journal {
  const appended = new Map<string, number>();
  const delivered = new Map<string, { next: number; partition: number }>();
  const faults: string[] = [];
  return {
    next(key) {
      const number = appended.get(key) ?? 0;
      appended.set(key, number + 1);
      return { key, value: Buffer.from(String(number)) };
    },
    note({ partition, records }) {
      for (const { key, value } of records) {
        const known = delivered.get(key) ?? { next: 0, partition };
        if (partition !== known.partition)
          faults.push(`${key} came from partitions ${known.partition} and ${partition}`);
        const number = Number(value.toString());
        if (number > known.next) faults.push(`record ${number} of ${key} came before record ${known.next}`);
        delivered.set(key, { partition, next: Math.max(known.next, number + 1) });
      }
    },
    fault: (what) => faults.push(what),
    faults() {
      const missing = [...appended]
        .map(([key, count]) => ({ key, count, next: delivered.get(key)?.next ?? 0 }))
        .filter(({ count, next }) => next < count)
        .map(({ key, count, next }) => `records ${next} to ${count - 1} of ${key} did not come`);
      return [...faults, ...missing];
    },
  };
}
