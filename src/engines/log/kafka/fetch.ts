/** Reads the records of one partition from its leader. */
import { fetchV16, type RecordsBatch } from "@platformatic/kafka";
import type { Place, StoredRecord } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { check, isRefusal, KafkaSilence } from "./errors.ts";
import type { Link } from "./link.ts";
import { earliest, latest, listOffsets } from "./offsets.ts";

type Fetched = {
  records: StoredRecord[];
  /** Where the next fetch begins: behind the last record and any control records of Kafka. */
  next: bigint;
};

export type Fetcher = {
  /** Waits some seconds at most for a record to come. @throws KafkaSilence, KafkaRefusal */
  from(place: { incarnation: string; offset: bigint }): Promise<Fetched>;
  /** The partition's topic id and its first and next offset, asked now. */
  place(): Promise<Place>;
  /** Ends a fetch that is under way. */
  cut(): void;
};

/**
 * A record ends the wait at once. Each answer without one doubles it, because a shop has dozens of partitions and most of
 * them are at rest: with half a second for all, Kafka and the process answered 180 requests a second for nothing.
 */
const firstWaitMs = 500;
const longestWaitMs = 8_000;
const answerMs = 5_000;
/** Kafka gives at least one record, however large. */
const maxBytes = 1_048_576;

/**
 * Has a connection of its own: Kafka answers the requests of one connection in turn, so partitions that share one
 * would wait out each other's long polls.
 */
export function createFetcher(cluster: Cluster, topic: string, partition: number): Fetcher {
  let link: Link | undefined;
  let cut = false;
  let waitMs = firstWaitMs;

  async function leader(): Promise<Link> {
    if (link && !link.broken) return link;
    const node = (await cluster.topic(topic)).leaders[partition] ?? -1;
    if (node < 0) throw new KafkaSilence(`partition ${partition} of ${topic} has no leader`);
    link = await cluster.connect(node);
    if (cut) link.cut();
    return link;
  }

  async function toLeader<T>(work: (link: Link) => Promise<T>): Promise<T> {
    try {
      return await work(await leader());
    } catch (error) {
      // Another broker may lead by now.
      cluster.forget(topic);
      link?.cut();
      throw error;
    }
  }

  /** Asks by the topic's id: for a topic that was made again, Kafka answers that it does not know this id. */
  async function fetch(link: Link, id: string, offset: bigint): Promise<Fetched> {
    const place = { partition, fetchOffset: offset, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const topics = [{ topicId: id, partitions: [{ ...place, partitionMaxBytes: maxBytes }] }];
    const limits = [waitMs, 1, maxBytes, readUncommitted, noSession, noEpoch] as const;
    const answer = await link.ask(fetchV16.api, waitMs + answerMs, ...limits, topics, [], "");
    const what = `fetch partition ${partition} of ${topic} from offset ${offset}`;
    check(what, answer.errorCode);
    const [found] = answer.responses.flatMap((each) => each.partitions);
    if (!found) throw new KafkaSilence(what);
    check(what, found.errorCode);
    const fetched = decode(found.records ?? [], offset);
    waitMs = fetched.next > offset ? firstWaitMs : Math.min(2 * waitMs, longestWaitMs);
    return fetched;
  }

  async function boundsFrom(link: Link): Promise<Place> {
    const { id } = await cluster.topicNow(topic);
    const [beginning, end] = [
      (await listOffsets(link, topic, [partition], earliest)).get(partition) ?? 0n,
      (await listOffsets(link, topic, [partition], latest)).get(partition) ?? 0n,
    ];
    if ((await cluster.topicNow(topic)).id !== id) throw new KafkaSilence(`topic ${topic} is being made again`);
    return { topic, partition, incarnation: id, beginning, end };
  }

  return {
    from: ({ incarnation, offset }) => toLeader((link) => fetch(link, incarnation, offset)),
    place: () => toLeader(boundsFrom),
    cut() {
      cut = true;
      link?.cut();
    },
  };
}

/**
 * There is nothing to read at the offset: it is before the retained records, or beyond the end of a log that has lost
 * its tail, or the topic was deleted and made again.
 */
export function isGone(error: unknown): boolean {
  return isRefusal(error, "OFFSET_OUT_OF_RANGE", "UNKNOWN_TOPIC_ID", "INCONSISTENT_TOPIC_ID");
}

function decode(batches: readonly RecordsBatch[], offset: bigint): Fetched {
  const records: StoredRecord[] = [];
  let next = offset;
  for (const batch of batches) {
    next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (batch.attributes & isControl) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const at = batch.firstOffset + BigInt(offsetDelta);
      // Kafka sends whole batches: the first one may begin before the requested offset.
      if (at < offset) continue;
      const appendedAt = batch.attributes & logAppendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta;
      records.push({
        offset: at,
        key: key?.toString() ?? "",
        value: value ?? Buffer.alloc(0),
        headers: Object.fromEntries(headers.map(([name, text]) => [String(name ?? ""), String(text ?? "")])),
        appendedAtMs: Number(appendedAt),
      });
    }
  }
  return { records, next };
}

const readUncommitted = 0;
const noSession = 0;
const noEpoch = -1;
const logAppendTime = 0b1000;
const isControl = 0b10_0000;
