/**
 * Simulates the broker of the log: partitions, groups whose members change, batches that are delivered again. It can
 * lose records at its end or its beginning, skip offsets that no consumer gets, and be made again.
 */
import type { ConsumeOptions, Place, StoredRecord } from "#engines/log";
import type { Network, Process } from "./network.ts";
import type { Planted } from "./planted.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export const partitionsOf = 2;

/** `records` by offset, from `beginning` to `end`; not every offset has one. */
export type Partition = { records: StoredRecord[]; beginning: bigint; end: bigint };
export type Topic = { incarnation: string; partitions: Partition[] };
export type Committed = { incarnation: string; next: bigint };

export type LogBroker = {
  topics: Map<string, Topic>;
  committed: Map<string, Map<number, Committed>>;
  members: Map<string, Member[]>;
  partitionOf: Map<string, number>;
  /** Grows with every rebalance: the member that had a partition may still work on a batch when another one has it. */
  generation: number;
  /** The chance that an offset without a record follows an append, such as the marker of a transaction. */
  holes: number;
  /** It refuses every append. */
  takesNothing: boolean;
  planted: Planted | undefined;
  /** Only for the planted bug: the largest end that was ever reported for a name. */
  highest: Map<string, bigint>;
};

/** A member's state of one partition; its position is undefined until the committed offset was read. */
export type PartitionConsumer = { busy: boolean; position: Committed | undefined };
export type Member = { process: Process; options: ConsumeOptions; consumers: PartitionConsumer[] };

export function createLogBroker(planted: Planted | undefined): LogBroker {
  return {
    topics: new Map(),
    committed: new Map(),
    members: new Map(),
    partitionOf: new Map(),
    generation: 0,
    holes: 0,
    takesNothing: false,
    planted,
    highest: new Map(),
  };
}

export function topicOf({ topics }: LogBroker, name: string): Topic {
  const topic = topics.get(name) ?? newTopic("first");
  topics.set(name, topic);
  return topic;
}

function newTopic(incarnation: string): Topic {
  const partitions = Array.from({ length: partitionsOf }, () => ({ records: [], beginning: 0n, end: 0n }));
  return { incarnation, partitions };
}

export function committedOf({ committed }: LogBroker, group: string, topic: string): Map<number, Committed> {
  const name = `${group} ${topic}`;
  const offsets = committed.get(name) ?? new Map<number, Committed>();
  committed.set(name, offsets);
  return offsets;
}

export type Wires = { timeline: Timeline; random: Random; network: Network };

export type Settled = (topic: Topic, partition: number) => bigint;

/** Unsettled acknowledged records at the end are lost, as after an unclean election. Returns how many. */
export function loseTail(broker: LogBroker, name: string, settled: Settled): number {
  const topic = topicOf(broker, name);
  return sum(topic.partitions, (partition, i) => {
    const keep = larger(settled(topic, i), larger(partition.beginning, newestCommit(broker, name, topic, i)));
    const before = partition.records.length;
    partition.records = partition.records.filter(({ offset }) => offset < keep);
    if (keep < partition.end) partition.end = keep;
    return before - partition.records.length;
  });
}

/** Retention overtakes consumers that lag: the log begins at its former end. Returns the number of lost records. */
export function loseBeginning(broker: LogBroker, name: string): number {
  return sum(topicOf(broker, name).partitions, (partition) => {
    const lost = partition.records.length;
    partition.records = [];
    partition.beginning = partition.end;
    return lost;
  });
}

/** The topic is deleted and made again: its offsets begin at 0. Returns the number of lost records. */
export function makeAnew(broker: LogBroker, name: string): number {
  const before = topicOf(broker, name);
  broker.topics.set(name, newTopic(`${before.incarnation} anew`));
  return sum(before.partitions, ({ records }) => records.length);
}

/** Whether all of the log is settled, so that a loss costs nothing. */
export function isSettled(broker: LogBroker, name: string, settled: Settled): boolean {
  const topic = topicOf(broker, name);
  return topic.partitions.every(({ records }, i) => (records.at(-1)?.offset ?? -1n) < settled(topic, i));
}

function newestCommit({ committed }: LogBroker, name: string, { incarnation }: Topic, partition: number): bigint {
  const of = [...committed]
    .filter(([group]) => group.endsWith(` ${name}`))
    .map(([, commits]) => commits.get(partition));
  return of.reduce((most, one) => (one?.incarnation === incarnation ? larger(most, one.next) : most), 0n);
}

function sum(partitions: readonly Partition[], of: (partition: Partition, i: number) => number): number {
  return partitions.reduce((total, partition, i) => total + of(partition, i), 0);
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** A partition as the log reports it. */
export function placeOf(broker: LogBroker, name: string, partition: number): Place {
  const { incarnation, partitions } = topicOf(broker, name);
  const { beginning, end } = partitions[partition] as Partition;
  if (broker.planted === "marks-by-name") {
    const most = larger(end, broker.highest.get(`${name} ${partition}`) ?? 0n);
    broker.highest.set(`${name} ${partition}`, most);
    return { topic: name, partition, incarnation: "the topic", beginning, end: most };
  }
  return { topic: name, partition, incarnation, beginning: broker.planted === "no-beginning" ? 0n : beginning, end };
}
