/**
 * One request for everything that waits: while it is under way the next appends gather, of all topics, and leave
 * together when it returns.
 */

import { createBatcher, QueueFull } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { AppendFailed, type NewRecord } from "../log.ts";
import type { Cluster, Topic } from "./cluster.ts";
import { isRefusal } from "./errors.ts";
import { createPacking, type Encoded, encode } from "./packing.ts";
import type { Producer, ProducerBatch, Sent } from "./produce.ts";

export type Appender = {
  /** Waits at most about 1 s for its turn and 2 s for its answer. @throws AppendFailed */
  append(topic: string, records: readonly NewRecord[]): Promise<void>;
  /** Refuses what comes from now on and waits for what was taken. */
  close(): Promise<void>;
};

const MAX_WAITING_RECORDS = 20_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const MAX_APPENDS_A_SEND = 4_096;
/** An append that waited longer fails unsent, so its caller can undo it. */
const TURN_MS = 1_000;

type Append = { topic: string; records: Encoded[]; bytes: number; since: number };

export function createAppender(cluster: Cluster, producer: Producer): Appender {
  let waitingRecords = 0;
  let waitingBytes = 0;
  let closed = false;
  const batcher = createBatcher<Append, AppendFailed | undefined>({
    maxBatch: MAX_APPENDS_A_SEND,
    maxWaiting: MAX_WAITING_RECORDS,
    run: flush,
  });

  async function flush(appends: Append[]): Promise<(AppendFailed | undefined)[]> {
    for (const append of appends) {
      waitingRecords -= append.records.length;
      waitingBytes -= append.bytes;
    }
    const failures = new Map<Append, AppendFailed>();
    const refuse = (append: Append, cause: unknown) => {
      failures.set(append, new AppendFailed(append.topic, false, cause, isForGood(cause)));
    };
    const oldest = performance.now() - TURN_MS;
    for (const append of appends) if (append.since < oldest) refuse(append, late());
    try {
      // Asked first, so that an outage costs one attempt and not one for each dependency.
      await producer.ready();
      await crashPoint("log.append");
    } catch (cause) {
      for (const append of appends) refuse(append, cause);
    }
    if (failures.size === appends.length) return appends.map((append) => failures.get(append));

    const topics = await topicsOf(appends);
    const packing = createPacking<Append>();
    for (const append of appends) {
      const topic = topics.get(append.topic);
      if (failures.has(append)) continue;
      if (!topic || "unknown" in topic) refuse(append, topic?.unknown);
      else packing.add(append, topic.leaders.length);
    }
    const sent = new Map<ProducerBatch, Sent>();
    for (const batches of packing.rounds) {
      const outcomes = await producer.send(batches);
      batches.forEach((batch, i) => void sent.set(batch, outcomes[i] as Sent));
    }
    try {
      await crashPoint("log.append.acknowledged");
    } catch (cause) {
      return appends.map((append) => failures.get(append) ?? new AppendFailed(append.topic, true, cause));
    }
    return appends.map((append) => failures.get(append) ?? failureOf(append.topic, packing.batchesOf(append), sent));
  }

  /** If the topic cannot be looked up, none of its records has left this process. */
  async function topicsOf(appends: readonly Append[]): Promise<Map<string, Topic | { unknown: unknown }>> {
    const names = [...new Set(appends.map((append) => append.topic))];
    const found = names.map(
      async (name) => [name, await cluster.topic(name).catch((unknown) => ({ unknown }))] as const,
    );
    return new Map(await Promise.all(found));
  }

  function take(topic: string, records: readonly NewRecord[]): Append {
    if (closed) throw new Error("the event log is closed");
    if (waitingRecords >= MAX_WAITING_RECORDS || waitingBytes >= MAX_WAITING_BYTES) throw new QueueFull();
    const encoded = records.map((record) => encode(topic, record));
    const bytes = encoded.reduce((sum, each) => sum + each.bytes, 0);
    return { topic, records: encoded, bytes, since: performance.now() };
  }

  return {
    async append(topic, records) {
      if (records.length === 0) return;
      let append: Append;
      try {
        append = take(topic, records);
      } catch (error) {
        throw new AppendFailed(topic, false, error);
      }
      waitingRecords += append.records.length;
      waitingBytes += append.bytes;
      const failure = await batcher.add(append);
      if (failure) throw failure;
    },
    async close() {
      closed = true;
      await batcher.idle();
    },
  };
}

/** An append may be spread over several batches: if one is stored and another is not, the failure is in doubt. */
function failureOf(
  topic: string,
  batches: Iterable<ProducerBatch>,
  sent: Map<ProducerBatch, Sent>,
): AppendFailed | undefined {
  let failed: Extract<Sent, { stored: false }> | undefined;
  let doubt = false;
  for (const batch of batches) {
    const outcome = sent.get(batch) as Sent;
    if (outcome.stored) doubt = true;
    else {
      failed = outcome;
      doubt ||= outcome.handedOver;
    }
  }
  return failed && new AppendFailed(topic, doubt, failed.cause, isForGood(failed.cause));
}

/** Kafka's answers about the records or their topic; others are about the producer or the moment. */
function isForGood(cause: unknown): boolean {
  return isRefusal(
    cause,
    ...["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP", "POLICY_VIOLATION"],
    ...["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "TOPIC_AUTHORIZATION_FAILED"],
  );
}

const late = () => new Error(`it was not sent within ${TURN_MS} ms; Kafka is slow or does not answer`);
