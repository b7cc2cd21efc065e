/** Puts the records of many appends into as few requests as Kafka's limits allow. */
import type { MessageRecord } from "@platformatic/kafka";
import type { NewRecord } from "../log.ts";
import { partitionOfKey } from "./partitions.ts";
import type { ProducerBatch } from "./produce.ts";

export type Encoded = { record: MessageRecord & { key: Buffer }; bytes: number };

type Packable = { topic: string; items: readonly Encoded[] };

/** Kafka stores a partition's records of one request as one batch and accepts 1,048,588 bytes (`max.message.bytes`). */
const maxBatchBytes = 900_000;
/** The maximum for a record's lengths, offsets and times. */
const recordOverheadBytes = 40;

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
      for (const { record, bytes } of append.items) {
        record.partition = partitionOfKey(record.key, partitions);
        const batch = roomFor(append.topic, record.partition, bytes);
        batch.records.push(record);
        batches.add(batch);
      }
      batchesOf.set(append, batches);
    },
    batchesOf: (append: A): Iterable<ProducerBatch> => batchesOf.get(append) ?? [],
  };
}

export function encode(topic: string, { key, value, headers = {} }: NewRecord): Encoded {
  const encodedKey = Buffer.from(key);
  const encodedHeaders = new Map<Buffer, Buffer>();
  let bytes = recordOverheadBytes + encodedKey.length + value.length;
  for (const name in headers) {
    const header = encodeHeader(name, headers[name] as string);
    encodedHeaders.set(header.name, header.value);
    bytes += header.name.length + header.value.length + 10;
  }
  return { record: { topic, key: encodedKey, value, headers: encodedHeaders }, bytes };
}

type Header = { name: Buffer; text: string; value: Buffer };

/** Of each header that this program sends, the latest: most are the same in every record. */
const latest = new Map<string, Header>();
/** More than this program has names for; a name beyond them is encoded each time. */
const namesKept = 100;

function encodeHeader(name: string, text: string): Header {
  const last = latest.get(name);
  if (last?.text === text) return last;
  const header = { name: last?.name ?? Buffer.from(name), text, value: Buffer.from(text) };
  if (last || latest.size < namesKept) latest.set(name, header);
  return header;
}
