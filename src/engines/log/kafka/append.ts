/** Sends all waiting appends in one request, or in as few as Kafka's limits allow. */
import { crashPoint } from "#platform/crash-points";
import { type Append, type Appender, createAppendQueue, type Failures } from "../append-queue.ts";
import { AppendFailed } from "../log.ts";
import type { Cluster, Topic } from "./cluster.ts";
import { isRefusal } from "./errors.ts";
import { createPacking, type Encoded, encode } from "./packing.ts";
import type { Producer, ProducerBatch, Sent } from "./produce.ts";

export function createAppender(cluster: Cluster, producer: Producer): Appender {
  return createAppendQueue<Encoded>({
    server: "Kafka",
    encode: (_topic, records) => records.map(encode),
    bytesOf: (encoded) => encoded.bytes,
    send,
  });

  async function send(appends: readonly Append<Encoded>[]): Promise<Failures<Encoded>> {
    const failures = new Map<Append<Encoded>, AppendFailed>();
    const refuse = (append: Append<Encoded>, cause: unknown) => {
      failures.set(append, new AppendFailed(append.topic, false, cause, isForGood(cause)));
    };
    try {
      // Asked first, so that an outage costs one attempt and not one for each dependency.
      await producer.ready();
      await crashPoint("log.append");
    } catch (cause) {
      for (const append of appends) refuse(append, cause);
      return failures;
    }
    const topics = await topicsOf(appends);
    const packing = createPacking<Append<Encoded>>();
    for (const append of appends) {
      const topic = topics.get(append.topic);
      if (!topic || "unknown" in topic) refuse(append, topic?.unknown);
      else packing.add(append, topic.leaders.length);
    }
    const sent = new Map<ProducerBatch, Sent>();
    for (const batches of packing.rounds) {
      const outcomes = await producer.send(batches);
      batches.forEach((batch, i) => void sent.set(batch, outcomes[i] as Sent));
    }
    let inDoubt: { cause: unknown } | undefined;
    try {
      await crashPoint("log.append.acknowledged");
    } catch (cause) {
      inDoubt = { cause };
    }
    for (const append of appends) {
      if (failures.has(append)) continue;
      const { topic } = append;
      const failure = inDoubt
        ? new AppendFailed(topic, true, inDoubt.cause)
        : failureOf(topic, packing.batchesOf(append), sent);
      if (failure) failures.set(append, failure);
    }
    return failures;
  }

  /** If the topic cannot be looked up, none of its records has left this process. */
  async function topicsOf(appends: readonly Append<Encoded>[]): Promise<Map<string, Topic | { unknown: unknown }>> {
    const names = [...new Set(appends.map((append) => append.topic))];
    const found = names.map(
      async (name) => [name, await cluster.topic(name).catch((unknown) => ({ unknown }))] as const,
    );
    return new Map(await Promise.all(found));
  }
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
