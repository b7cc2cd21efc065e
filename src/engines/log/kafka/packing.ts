/** Puts the records of many appends into as few requests as Kafka's limits allow. */
import type { NewRecord } from "../log.ts";
import { partitionOfKey } from "./partitions.ts";
import type { ProducerBatch } from "./produce.ts";
import { encodeRecord } from "./record-batch.ts";

export type Encoded = { key: Buffer; record: Buffer; bytes: number };

type Packable = { topic: string; items: readonly Encoded[] };

/** Kafka stores a partition's records of one request as one batch and accepts 1,048,588 bytes (`max.message.bytes`). */
const maxBatchBytes = 900_000;
/** The maximum for a record's lengths, offsets and times. */
const recordOverheadBytes = 25;

/** Spreads appends over batches, and batches over as many requests as their size needs. A partition keeps its order. */
export function createPacking<A extends Packable>() {
  const rounds: ProducerBatch[][] = [];
  const batchesOf = new Map<A, Set<ProducerBatch>>();
  let open = new Map<string, { batch: ProducerBatch; bytes: number }>();

  function roomFor(topic: string, partition: number, bytes: number): ProducerBatch {
    const name = `${topic}:${partition}`;
    let place = open.get(name);
    if (place && place.bytes + bytes > maxBatchBytes) {
      open = new Map();
      place = undefined;
    }
    if (open.size === 0) rounds.push([]);
    if (!place) {
      place = { batch: { topic, partition, records: [] }, bytes: 0 };
      open.set(name, place);
      rounds.at(-1)?.push(place.batch);
    }
    place.bytes += bytes;
    return place.batch;
  }

  return {
    rounds,
    add(append: A, partitions: number): void {
      const batches = new Set<ProducerBatch>();
      for (const { key, record, bytes } of append.items) {
        const batch = roomFor(append.topic, partitionOfKey(key, partitions), bytes);
        batch.records.push(record);
        batches.add(batch);
      }
      batchesOf.set(append, batches);
    },
    batchesOf: (append: A): Iterable<ProducerBatch> => batchesOf.get(append) ?? [],
  };
}

export function encode({ key, value, headers = {} }: NewRecord): Encoded {
  const encodedKey = Buffer.from(key);
  const record = encodeRecord(encodedKey, value, headers);
  return { key: encodedKey, record, bytes: record.length + recordOverheadBytes };
}
