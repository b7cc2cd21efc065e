/** Puts the records of many appends into as few requests as Kafka's limits allow. */
import type { MessageRecord } from "@platformatic/kafka";
import type { NewRecord } from "../log.ts";
import { partitionOfKey } from "./partitions.ts";
import type { Lot } from "./produce.ts";

export type Encoded = { record: MessageRecord & { key: Buffer }; bytes: number };

type Packable = { topic: string; records: readonly Encoded[] };

/** A partition's records of one request are one batch to Kafka, which takes 1,048,588 bytes (`max.message.bytes`). */
const MAX_LOT_BYTES = 900_000;
/** Lengths, offsets and times of a record, at most. */
const RECORD_OVERHEAD_BYTES = 40;

/** Spreads appends over lots, and lots over as many rounds as their size asks for; a partition's order is kept. */
export function createPacking<A extends Packable>() {
  const rounds: Lot[][] = [];
  const lotsOf = new Map<A, Set<Lot>>();
  let open = new Map<string, { lot: Lot; bytes: number }>();

  function roomFor(topic: string, partition: number, bytes: number): Lot {
    const name = `${topic}:${partition}`;
    let place = open.get(name);
    if (place && place.bytes + bytes > MAX_LOT_BYTES) {
      open = new Map();
      place = undefined;
    }
    if (open.size === 0) rounds.push([]);
    if (!place) {
      place = { lot: { topic, partition, records: [] }, bytes: 0 };
      open.set(name, place);
      rounds.at(-1)?.push(place.lot);
    }
    place.bytes += bytes;
    return place.lot;
  }

  return {
    rounds,
    add(append: A, partitions: number): void {
      const lots = new Set<Lot>();
      for (const { record, bytes } of append.records) {
        record.partition = partitionOfKey(record.key, partitions);
        const lot = roomFor(append.topic, record.partition, bytes);
        lot.records.push(record);
        lots.add(lot);
      }
      lotsOf.set(append, lots);
    },
    lotsOf: (append: A): Iterable<Lot> => lotsOf.get(append) ?? [],
  };
}

export function encode(topic: string, { key, value, headers = {} }: NewRecord): Encoded {
  const encodedKey = Buffer.from(key);
  const encodedHeaders = new Map<Buffer, Buffer>();
  let bytes = RECORD_OVERHEAD_BYTES + encodedKey.length + value.length;
  for (const name in headers) {
    const header = [Buffer.from(name), Buffer.from(headers[name] as string)] as const;
    encodedHeaders.set(...header);
    bytes += header[0].length + header[1].length + 10;
  }
  return { record: { topic, key: encodedKey, value, headers: encodedHeaders }, bytes };
}
