/**
 * Sends records as an idempotent producer, acks=all, one batch under way at a time. It discards its session after every
 * batch that was not wholly stored: the next batch begins under a new producer id, so neither a gap in the sequence nor
 * a fatal epoch outlives the batch that caused it. Only a broker that answers can open a session, so the opening is the
 * circuit breaker: while Kafka does not answer, nothing is handed over and every failure is certain.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { initProducerIdV4 } from "@platformatic/kafka";
import { pauseAfter } from "#platform/backoff";
import { elapsedMs, systemClock } from "#platform/clock";
import type { Cluster } from "./cluster.ts";
import {
  check,
  isPassing,
  isRefusal,
  KafkaRefusal,
  KafkaSilence,
  kafkaBackoff,
  refusalOf,
  repeated,
} from "./errors.ts";
import { createLinks } from "./links.ts";
import { encodeRequest, type ProduceOptions, produce } from "./record-batch.ts";

/** The records of one partition; they are stored together or not at all. */
export type ProducerBatch = { topic: string; partition: number; records: Buffer[] };

/** `handedOver`: the records may have reached a broker, and may be stored now or later. */
export type Sent = { stored: true } | { stored: false; handedOver: boolean; cause: unknown };

export type Producer = {
  /** @throws if Kafka is known not to answer, or does not answer within about 1 s. */
  ready(): Promise<void>;
  /** Returns results in the order of the batches, within about 2 s. One call at a time. */
  send(batches: readonly ProducerBatch[]): Promise<Sent[]>;
  close(): void;
};

/** A disk or a change of leader may take that long, and giving up leaves the outcome unknown. */
const sendMs = 2_000;
/** Before the records are handed over the outcome is certain, so a longer wait gains little. */
const unsentMs = 500;
const sessionMs = 1_000;
/** How long a failed opening counts for the whole cluster. */
const downMs = 250;
const acksAll = -1;

/** `next`: the number of the next record, by partition. */
type Session = { id: bigint; epoch: number; next: Map<string, number> };
type InFlight = ProducerBatch & { sequence: number; stored: boolean; handedOver: boolean; cause: unknown };

export function createProducer(cluster: Cluster): Producer {
  const links = createLinks(cluster);
  let session: Session | undefined;
  let down: { cause: unknown; untilMs: number } | undefined;

  async function openSession(): Promise<Session> {
    if (down && elapsedMs() < down.untilMs) throw down.cause;
    try {
      // A broker that has just started answers that it is still loading.
      const opened = await repeated(
        sessionMs,
        askForSession,
        (error) => error instanceof KafkaRefusal && error.passing,
      );
      down = undefined;
      return opened;
    } catch (cause) {
      down = { cause, untilMs: elapsedMs() + downMs };
      throw cause;
    }
  }

  async function askForSession(): Promise<Session> {
    const answer = await cluster.ask(initProducerIdV4.api, sessionMs, null, sendMs, -1n, -1);
    check("producer id", answer.errorCode);
    return { id: answer.producerId, epoch: answer.producerEpoch, next: new Map() };
  }

  async function deliver(inFlight: InFlight[], { id, epoch, next }: Session): Promise<void> {
    for (const batch of inFlight) {
      const name = `${batch.topic}:${batch.partition}`;
      batch.sequence = next.get(name) ?? 0;
      next.set(name, (batch.sequence + batch.records.length) % 2 ** 31);
    }
    const nowMs = systemClock.nowMs();
    const options = { producerId: id, producerEpoch: epoch, acks: acksAll, timeoutMs: sendMs, nowMs };
    const begun = elapsedMs();
    const giveUpAt = () => begun + (inFlight.some((batch) => batch.handedOver) ? sendMs : unsentMs);

    let waiting = inFlight;
    for (let failures = 1; ; failures += 1) {
      const byLeader = await groupByLeader(waiting);
      const sends = [...byLeader].map(([leader, group]) => deliverTo(leader, group, options, begun + sendMs));
      await Promise.all(sends);
      waiting = waiting.filter(({ stored, cause }) => !stored && isPassing(cause));
      const pauseMs = pauseAfter(failures, kafkaBackoff);
      if (waiting.length === 0 || elapsedMs() + pauseMs > giveUpAt()) return;
      for (const { topic } of waiting) cluster.forget(topic);
      await sleep(pauseMs);
    }
  }

  async function groupByLeader(inFlight: InFlight[]): Promise<Map<number, InFlight[]>> {
    const groups = new Map<number, InFlight[]>();
    for (const batch of inFlight) {
      try {
        const leader = (await cluster.topic(batch.topic)).leaders[batch.partition] ?? -1;
        if (leader < 0) throw new KafkaSilence(`partition ${batch.partition} of ${batch.topic} has no leader`);
        groups.set(leader, [...(groups.get(leader) ?? []), batch]);
      } catch (error) {
        batch.cause = error;
      }
    }
    return groups;
  }

  /** A repeated send has the same sequence, so that Kafka stores it once. */
  async function deliverTo(leader: number, inFlight: InFlight[], options: ProduceOptions, giveUpAt: number) {
    try {
      const link = await links.to(leader);
      const doubtful = new Set(inFlight.filter((batch) => batch.handedOver));
      for (const batch of inFlight) batch.handedOver = true;
      const request = encodeRequest(inFlight, ({ sequence }) => sequence, options);
      const answer = await link.ask(produce, Math.max(1, giveUpAt - elapsedMs()), request);
      const results = new Map(
        answer.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map((result) => [`${name}:${result.index}`, result]),
        ),
      );
      for (const batch of inFlight) {
        const result = results.get(`${batch.topic}:${batch.partition}`);
        const what = `append to partition ${batch.partition} of ${batch.topic}`;
        batch.cause = result ? refusalOf(what, result.errorCode, result.errorMessage) : new KafkaSilence(what);
        // A duplicate was stored by an earlier try of this same send.
        batch.stored = result?.errorCode === 0 || result?.errorCode === duplicateSequenceNumber;
        batch.handedOver = doubtful.has(batch) || !isRefusal(batch.cause, ...refusalsBeforeTheAppend);
      }
    } catch (error) {
      for (const batch of inFlight) batch.cause = error;
    }
  }

  return {
    async ready() {
      session ??= await openSession();
    },
    async send(batches) {
      const inFlight = batches.map(
        (batch): InFlight => ({ ...batch, sequence: 0, stored: false, handedOver: false, cause: undefined }),
      );
      try {
        session ??= await openSession();
        await deliver(inFlight, session);
      } catch (cause) {
        for (const batch of inFlight) batch.cause ??= cause;
      }
      if (inFlight.some(({ stored }) => !stored)) session = undefined;
      return inFlight.map(({ stored, handedOver, cause }) => (stored ? { stored } : { stored, handedOver, cause }));
    },
    close: links.cut,
  };
}

const duplicateSequenceNumber = 46;

/**
 * A leader that answers so has not appended the batch. Other refusals may come after the append, when the leader changes
 * while it waits for its followers (`ReplicaManager` and `DelayedProduce` of Kafka 4.1).
 */
const refusalsBeforeTheAppend = [
  ...["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP", "CORRUPT_MESSAGE"],
  ...["TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "POLICY_VIOLATION", "NOT_ENOUGH_REPLICAS"],
];
