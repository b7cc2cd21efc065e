/**
 * Runs a consumer group of one topic, with its members in this process. Each partition has one partition consumer,
 * which reads, hands over and commits one batch after another; they run side by side. Before each batch a partition
 * consumer looks up which member is next, so that members can join and leave between two batches without a handover.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import type { Log } from "#platform/log";
import type { Batch, ConsumeOptions, Consumer, StoredRecord } from "../log.ts";
import { beginningOf, isNews, type Position } from "../position.ts";
import type { Heads } from "./heads.ts";
import type { CommittedOffsets } from "./offsets.ts";
import type { ReadRecords } from "./read.ts";
import type { Follower, Tail } from "./tail.ts";

export type Group = {
  join(member: Work): Consumer;
  /** Resolves when no member has a batch in hand. */
  idle(): Promise<void>;
};

export type GroupOptions = {
  group: string;
  topic: string;
  /** The offsets that the group has committed. */
  known: ReadonlyMap<number, Position>;
  heads: Heads;
  tail: Pick<Tail, "follow">;
  read: ReadRecords;
  committed: CommittedOffsets;
  log: Log;
  /** Once aborted, no further batch is handed over. */
  closing: AbortSignal;
};

/** The members of one group read in the same way: all of them keep their own position, or none. */
type Work = Pick<ConsumeOptions, "maxRecords" | "gatherMs" | "handle" | "startAt">;
type Member = Work & { inHand: Set<Promise<void>>; left: AbortController };

type PartitionConsumer = {
  partition: number;
  /** How far the group has come, as far as this partition consumer knows. */
  known: Position | undefined;
  /** The position of the next batch; undefined until the start is known. */
  at: Position | undefined;
  /** Read and not handled yet: the first records after `at`. */
  ahead: StoredRecord[];
  running: boolean;
};

const backoff = { firstMs: 50, longestMs: 2_000 };

export function createGroup(options: GroupOptions): Group {
  const { group, topic, heads, tail, read, committed, log, closing } = options;
  let members: Member[] = [];
  let follower: Follower | undefined;
  const consumers = Array.from(
    { length: heads.partitionsOf(topic) },
    (_, partition): PartitionConsumer => ({
      partition,
      known: options.known.get(partition),
      at: undefined,
      ahead: [],
      running: false,
    }),
  );

  const isOver = () => members.length === 0 || closing.aborted;
  const memberOf = (consumer: PartitionConsumer) => members[consumer.partition % members.length] as Member;

  async function run(consumer: PartitionConsumer): Promise<void> {
    consumer.running = true;
    let failures = 0;
    while (!isOver()) {
      try {
        if (!consumer.at) await begin(consumer);
        else if (consumer.ahead.length === 0) await readAhead(consumer, consumer.at);
        else await handOver(consumer, consumer.at);
        failures = 0;
      } catch (error) {
        failures += 1;
        const pauseMs = pauseAfter(failures, backoff);
        const offset = consumer.at?.next ?? consumer.known?.next;
        const fields = { group, topic, partition: consumer.partition, offset, attempt: failures, pauseMs };
        log.warn("batch failed; it is handed over again", fields, error);
        if (members.some(({ startAt }) => startAt)) beginAgain(consumer);
        await sleep(pauseMs, undefined, { signal: closing }).catch(() => {});
      }
    }
    consumer.running = false;
  }

  async function begin(consumer: PartitionConsumer): Promise<void> {
    const { partition, known } = consumer;
    const { incarnation, beginnings, ends } = await heads.read(topic);
    if (isOver()) return;
    const place = { topic, partition, incarnation, beginning: beginnings.get(partition) ?? 0n };
    const end = ends.get(partition) ?? 0n;
    const { startAt } = memberOf(consumer);
    const at = await beginningOf({ ...place, end }, { group, startAt, known, log });
    if (isNews(at, known)) await moveTo(consumer, at);
    consumer.at = at;
  }

  function beginAgain(consumer: PartitionConsumer): void {
    consumer.at = undefined;
    consumer.ahead = [];
  }

  async function moveTo(consumer: PartitionConsumer, position: Position): Promise<void> {
    await committed.commit({ group, topic, partition: consumer.partition, ...position });
    consumer.known = position;
    consumer.at = position;
  }

  async function readAhead(consumer: PartitionConsumer, { next }: Position): Promise<void> {
    await heads.reaches(topic, consumer.partition, next);
    if (isOver()) return;
    const maxRecords = Math.max(...members.map((member) => member.maxRecords));
    const kept = follower?.read(consumer.partition, next, maxRecords) ?? [];
    if (kept.length > 0) consumer.ahead = kept;
    else consumer.ahead = await read({ topic, partition: consumer.partition, from: next, maxRecords });
    // The rows are gone: read again which offsets the log has.
    if (consumer.ahead.length === 0) {
      beginAgain(consumer);
      throw new Error(`the record at offset ${next} is missing from event_log.batch`);
    }
  }

  /**
   * Synchronous up to the call of `handle`: a member that leaves in between either has the batch in hand or never gets
   * it.
   */
  async function handOver(consumer: PartitionConsumer, { incarnation, next: from }: Position): Promise<void> {
    const member = memberOf(consumer);
    const records = consumer.ahead.slice(0, member.maxRecords);
    const next = (records.at(-1) as StoredRecord).offset + 1n;
    const work = handle(member, consumer, { topic, partition: consumer.partition, incarnation, records, from, next });
    member.inHand.add(work);
    await work.finally(() => member.inHand.delete(work));
    consumer.ahead = consumer.ahead.slice(records.length);
    const { gatherMs = 0, maxRecords } = member;
    if (gatherMs === 0 || records.length === maxRecords) return;
    const signal = AbortSignal.any([closing, member.left.signal]);
    await sleep(gatherMs, undefined, { signal }).catch(() => {});
  }

  async function handle(member: Member, consumer: PartitionConsumer, batch: Batch): Promise<void> {
    await member.handle(batch);
    await moveTo(consumer, { incarnation: batch.incarnation, next: batch.next });
  }

  return {
    join(options) {
      const member: Member = { ...options, inHand: new Set(), left: new AbortController() };
      follower ??= tail.follow(topic);
      members = [...members, member];
      for (const consumer of consumers) if (!consumer.running) void run(consumer);
      return {
        async close() {
          members = members.filter((other) => other !== member);
          member.left.abort();
          if (members.length === 0) {
            follower?.leave();
            follower = undefined;
          }
          await Promise.allSettled(member.inHand);
        },
      };
    },
    async idle() {
      await Promise.allSettled(members.flatMap((member) => [...member.inHand]));
    },
  };
}
