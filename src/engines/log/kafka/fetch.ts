/** Reads the records of one member's partitions: all that have the same leader share one request. */
import type { Place } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { check, isRefusal, KafkaSilence } from "./errors.ts";
import { createFeed, type Feed, type Fetched } from "./feed.ts";
import { fetchRecords } from "./fetch-answer.ts";
import type { Link } from "./link.ts";
import { createLinks } from "./links.ts";
import { createLongPoll, type LongPoll } from "./long-poll.ts";
import { earliest, latest, listOffsets } from "./offsets.ts";
import { readBatches } from "./record-reader.ts";

export type Fetcher = {
  /**
   * Resolves once there is a record, or the position has moved past offsets without one. One call at a time.
   * @throws KafkaSilence, KafkaRefusal
   */
  from(position: { incarnation: string; offset: bigint }): Promise<Fetched>;
  /** The partition's topic id and its first and next offset, asked now. */
  place(): Promise<Place>;
  /** Ends a fetch that is under way. */
  cut(): void;
};

export type FetchOptions = {
  cluster: Cluster;
  topic: string;
  /** All that may be read at the same time. */
  partitions: readonly number[];
  /** A partition with so many records that were read and not taken is not read further. */
  maxRecords: number;
  /** After records came, all partitions wait for so long before they are read again. */
  gatherMs?: number;
};

const answerMs = 5_000;
/** Kafka gives at least one record, however large. */
const maxBytes = 1_048_576;

/**
 * Kafka answers the requests of one connection in turn, so one long poll asks for all partitions of a leader. Each used
 * to have a poll and a connection of its own: under load three quarters of all requests to Kafka were fetches.
 */
export function createFetchers(options: FetchOptions): ReadonlyMap<number, Fetcher> {
  const { cluster, topic, partitions, maxRecords, gatherMs = 0 } = options;
  const feeds = new Map<number, Feed>();
  const polls = new Map<number, LongPoll>();
  const places = createLinks(cluster);
  /** Partitions whose place is asked for at the moment. */
  let placing = 0;

  function pollOf(node: number): LongPoll {
    const known = polls.get(node);
    if (known) return known;
    const poll = createLongPoll({
      connect: () => cluster.connect(node),
      read,
      areAllRead: () => feeds.size === partitions.length,
      maxRecords,
      gatherMs,
      onFault: () => cluster.forget(topic),
    });
    polls.set(node, poll);
    return poll;
  }

  async function leaderOf(partition: number): Promise<number> {
    const node = (await cluster.topic(topic)).leaders[partition] ?? -1;
    if (node < 0) throw new KafkaSilence(`partition ${partition} of ${topic} has no leader`);
    return node;
  }

  /** Asks by the topic's id: for a topic that was made again, Kafka answers that it does not know this id. */
  async function read(link: Link, asked: readonly Feed[], waitMs: number): Promise<(Fetched | { error: unknown })[]> {
    const topics = [...Map.groupBy(asked, ({ incarnation }) => incarnation)].map(([topicId, feeds]) => ({
      topicId,
      partitions: feeds.map(({ partition, next }) => ({
        partition,
        fetchOffset: next,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: maxBytes,
      })),
    }));
    const limits = [waitMs, 1, maxBytes, readUncommitted, noSession, noEpoch] as const;
    const answer = await link.ask(fetchRecords, waitMs + answerMs, ...limits, topics, [], "");
    check(`fetch from ${topic}`, answer.errorCode);
    const found = new Map(
      answer.topics.flatMap(({ topicId, partitions }) =>
        partitions.map((each) => [`${topicId} ${each.partition}`, each]),
      ),
    );
    return asked.map(({ incarnation, partition, next }) => {
      const what = `fetch partition ${partition} of ${topic} from offset ${next}`;
      const mine = found.get(`${incarnation} ${partition}`);
      try {
        if (!mine) throw new KafkaSilence(what);
        check(what, mine.errorCode);
        return readBatches(mine.batches, next);
      } catch (error) {
        return { error };
      }
    });
  }

  async function boundsFrom(link: Link, partition: number): Promise<Place> {
    const { id } = await cluster.topicNow(topic);
    const offsetAt = async (place: bigint) => {
      const [answer] = await listOffsets(link, place, [{ topic, partitions: [partition] }]);
      return answer?.().get(partition) ?? 0n;
    };
    const [beginning, end] = [await offsetAt(earliest), await offsetAt(latest)];
    if ((await cluster.topicNow(topic)).id !== id) throw new KafkaSilence(`topic ${topic} is being made again`);
    return { topic, partition, incarnation: id, beginning, end };
  }

  function createFetcher(partition: number): Fetcher {
    let cut = false;

    function leave(): void {
      feeds.get(partition)?.end(new KafkaSilence(`the fetch of partition ${partition} of ${topic} was cut`));
    }

    return {
      async from({ incarnation, offset }) {
        const known = feeds.get(partition);
        if (known?.isAt(incarnation, offset)) return known.take();
        leave();
        try {
          const poll = pollOf(await leaderOf(partition));
          if (cut) throw new KafkaSilence(`partition ${partition} of ${topic} is not read any more`);
          const feed = createFeed(partition, incarnation, offset, () => {
            if (feeds.get(partition) === feed) feeds.delete(partition);
            poll.remove(feed);
          });
          feeds.set(partition, feed);
          poll.add(feed);
          return await feed.take();
        } catch (error) {
          // Another broker may lead by now.
          cluster.forget(topic);
          throw error;
        }
      },
      /** Not on the poll's connection, which Kafka may hold for seconds. Partitions that begin together share another. */
      async place() {
        placing += 1;
        try {
          return await boundsFrom(await places.to(await leaderOf(partition)), partition);
        } catch (error) {
          cluster.forget(topic);
          throw error;
        } finally {
          placing -= 1;
          if (placing === 0) places.cut();
        }
      },
      cut() {
        cut = true;
        leave();
      },
    };
  }

  return new Map(partitions.map((partition) => [partition, createFetcher(partition)]));
}

/**
 * There is nothing to read at the offset: it is before the retained records, or beyond the end of a log that has lost
 * its tail, or the topic was deleted and made again.
 */
export function isGone(error: unknown): boolean {
  return isRefusal(error, "OFFSET_OUT_OF_RANGE", "UNKNOWN_TOPIC_ID", "INCONSISTENT_TOPIC_ID");
}

const readUncommitted = 0;
const noSession = 0;
const noEpoch = -1;
