/**
 * The idempotent producer, acks=all, one batch under way at a time. Its session is given up after every batch that
 * was not wholly stored: the next batch then begins under a new producer id, so neither a gap in the sequence nor a
 * fatal epoch can outlive the batch that caused it. A session is only opened by a broker that answers, which makes
 * the opening the breaker: while Kafka is away, nothing is handed over and every failure is certain.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { initProducerIdV4, type MessageRecord, NumericMap, produceV10 } from "@platformatic/kafka";
import type { Cluster } from "./cluster.ts";
import { check, isPassing, KafkaRefusal, KafkaSilence, pauseAfter, refusalOf, repeated } from "./errors.ts";
import { createLinks } from "./links.ts";

/** The records of one partition; they are stored together or not at all. */
export type Lot = { topic: string; partition: number; records: MessageRecord[] };

/** `handedOver`: the records may have reached a broker, and may be stored now or later. */
export type Sent = { stored: true } | { stored: false; handedOver: boolean; cause: unknown };

export type Producer = {
  /** @throws where Kafka is known to be away, or found to be within about 1 s. */
  ready(): Promise<void>;
  /** Answers in the order of the lots, within about 2 s. One call at a time. */
  send(lots: readonly Lot[]): Promise<Sent[]>;
  close(): void;
};

/** A disk or a change of leader may take that long, and giving up leaves a doubt. */
const SEND_MS = 2_000;
/** While no doubt can arise, waiting is of little use. */
const UNSENT_MS = 500;
const SESSION_MS = 1_000;
/** How long a failed opening speaks for the cluster. */
const DOWN_MS = 250;
const ACKS_ALL = -1;

type Session = { id: bigint; epoch: number; next: NumericMap };
type Parcel = Lot & { stored: boolean; handedOver: boolean; cause: unknown };

export function createProducer(cluster: Cluster): Producer {
  const links = createLinks(cluster);
  let session: Session | undefined;
  let down: { cause: unknown; untilMs: number } | undefined;

  async function openSession(): Promise<Session> {
    if (down && performance.now() < down.untilMs) throw down.cause;
    try {
      // A broker that has just started answers that it is still loading.
      const opened = await repeated(SESSION_MS, askForSession, (error) => {
        return error instanceof KafkaRefusal && error.passing;
      });
      down = undefined;
      return opened;
    } catch (cause) {
      down = { cause, untilMs: performance.now() + DOWN_MS };
      throw cause;
    }
  }

  async function askForSession(): Promise<Session> {
    const answer = await cluster.ask(initProducerIdV4.api, SESSION_MS, null, SEND_MS, -1n, -1);
    check("producer id", answer.errorCode);
    return { id: answer.producerId, epoch: answer.producerEpoch, next: new NumericMap() };
  }

  async function deliver(parcels: Parcel[], { id, epoch, next }: Session): Promise<void> {
    const sequences = new NumericMap();
    for (const { topic, partition, records } of parcels) {
      const name = `${topic}:${partition}`;
      const first = next.getWithDefault(name, 0);
      sequences.set(name, first);
      next.set(name, (first + records.length) % 2 ** 31);
    }
    const options = { producerId: id, producerEpoch: epoch, sequences, compression: "none" } as const;
    const begun = performance.now();
    const giveUpAt = () => begun + (parcels.some((parcel) => parcel.handedOver) ? SEND_MS : UNSENT_MS);

    let waiting = parcels;
    for (let failures = 0; ; failures++) {
      const byLeader = await groupByLeader(waiting);
      const sends = [...byLeader].map(([leader, group]) => deliverTo(leader, group, options, begun + SEND_MS));
      await Promise.all(sends);
      waiting = waiting.filter(({ stored, cause }) => !stored && isPassing(cause));
      const pauseMs = pauseAfter(failures);
      if (waiting.length === 0 || performance.now() + pauseMs > giveUpAt()) return;
      for (const { topic } of waiting) cluster.forget(topic);
      await sleep(pauseMs);
    }
  }

  async function groupByLeader(parcels: Parcel[]): Promise<Map<number, Parcel[]>> {
    const groups = new Map<number, Parcel[]>();
    for (const parcel of parcels) {
      try {
        const leader = (await cluster.topic(parcel.topic)).leaders[parcel.partition] ?? -1;
        if (leader < 0) throw new KafkaSilence(`partition ${parcel.partition} of ${parcel.topic} has no leader`);
        groups.set(leader, [...(groups.get(leader) ?? []), parcel]);
      } catch (error) {
        parcel.cause = error;
      }
    }
    return groups;
  }

  /** What is sent again bears the same sequence, so that Kafka stores it once. */
  async function deliverTo(leader: number, parcels: Parcel[], options: ProduceOptions, giveUpAt: number) {
    try {
      const link = await links.to(leader);
      for (const parcel of parcels) parcel.handedOver = true;
      const records = parcels.flatMap((parcel) => parcel.records);
      const withinMs = Math.max(1, giveUpAt - performance.now());
      const answer = await link.ask(produceV10.api, withinMs, ACKS_ALL, SEND_MS, records, options);
      if (typeof answer === "boolean") throw new KafkaSilence("produced without an answer");
      const results = new Map(
        answer.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map((result) => [`${name}:${result.index}`, result]),
        ),
      );
      for (const parcel of parcels) {
        const result = results.get(`${parcel.topic}:${parcel.partition}`);
        const what = `append to partition ${parcel.partition} of ${parcel.topic}`;
        parcel.cause = result ? refusalOf(what, result.errorCode, result.errorMessage) : new KafkaSilence(what);
        // A duplicate is what an earlier try of this very send has stored.
        parcel.stored = result?.errorCode === 0 || result?.errorCode === DUPLICATE_SEQUENCE_NUMBER;
      }
    } catch (error) {
      for (const parcel of parcels) parcel.cause = error;
    }
  }

  return {
    async ready() {
      session ??= await openSession();
    },
    async send(lots) {
      const parcels = lots.map((lot): Parcel => ({ ...lot, stored: false, handedOver: false, cause: undefined }));
      try {
        session ??= await openSession();
        await deliver(parcels, session);
      } catch (cause) {
        for (const parcel of parcels) parcel.cause ??= cause;
      }
      if (parcels.some(({ stored }) => !stored)) session = undefined;
      return parcels.map(({ stored, handedOver, cause }) => (stored ? { stored } : { stored, handedOver, cause }));
    },
    close: links.cut,
  };
}

type ProduceOptions = {
  producerId: bigint;
  producerEpoch: number;
  sequences: NumericMap;
  compression: "none";
};

const DUPLICATE_SEQUENCE_NUMBER = 46;
