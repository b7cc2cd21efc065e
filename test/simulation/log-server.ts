/**
 * The log as a server: partitions, groups whose members change, hand-overs that repeat. It can lose records at its end
 * or its beginning, number offsets that no consumer is given, and be made anew.
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

export type LogServer = {
  topics: Map<string, Topic>;
  committed: Map<string, Map<number, Committed>>;
  members: Map<string, Member[]>;
  partitionOf: Map<string, number>;
  /** Grows with every rebalance: who had a partition may still be at work on it when it is another's. */
  generation: number;
  /** How likely an append is followed by an offset without a record, as the mark of a transaction is. */
  holes: number;
  /** It refuses every append. */
  takesNothing: boolean;
  planted: Planted | undefined;
  /** For the planted bug alone: the largest end that was ever told of a name. */
  highest: Map<string, bigint>;
};

/** One partition in the hands of a member; `at` is undefined until it has found out where to begin. */
export type Lane = { busy: boolean; at: Committed | undefined };
export type Member = { process: Process; options: ConsumeOptions; lanes: Lane[] };

export function createLogServer(planted: Planted | undefined): LogServer {
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

export function topicOf({ topics }: LogServer, name: string): Topic {
  const topic = topics.get(name) ?? newTopic("first");
  topics.set(name, topic);
  return topic;
}

function newTopic(incarnation: string): Topic {
  const partitions = Array.from({ length: partitionsOf }, () => ({ records: [], beginning: 0n, end: 0n }));
  return { incarnation, partitions };
}

export function committedOf({ committed }: LogServer, group: string, topic: string): Map<number, Committed> {
  const name = `${group} ${topic}`;
  const offsets = committed.get(name) ?? new Map<number, Committed>();
  committed.set(name, offsets);
  return offsets;
}

export type Wires = { timeline: Timeline; random: Random; network: Network };

export type Settled = (topic: Topic, partition: number) => bigint;

/** Acknowledged records at the end that are not settled are gone, as after an unclean election. Answers how many. */
export function loseTail(server: LogServer, name: string, settled: Settled): number {
  const topic = topicOf(server, name);
  return sum(topic.partitions, (partition, i) => {
    const keep = larger(settled(topic, i), larger(partition.beginning, newestCommit(server, name, topic, i)));
    const before = partition.records.length;
    partition.records = partition.records.filter(({ offset }) => offset < keep);
    if (keep < partition.end) partition.end = keep;
    return before - partition.records.length;
  });
}

/** Retention passes consumers that are behind: the log begins where it ended. Answers how many records that cost. */
export function loseBeginning(server: LogServer, name: string): number {
  return sum(topicOf(server, name).partitions, (partition) => {
    const lost = partition.records.length;
    partition.records = [];
    partition.beginning = partition.end;
    return lost;
  });
}

/** The topic is deleted and made again: its offsets begin at 0. Answers how many records that cost. */
export function makeAnew(server: LogServer, name: string): number {
  const before = topicOf(server, name);
  server.topics.set(name, newTopic(`${before.incarnation} anew`));
  return sum(before.partitions, ({ records }) => records.length);
}

/** Whether all of the log is settled: what it loses now costs nothing. */
export function isSettled(server: LogServer, name: string, settled: Settled): boolean {
  const topic = topicOf(server, name);
  return topic.partitions.every(({ records }, i) => (records.at(-1)?.offset ?? -1n) < settled(topic, i));
}

function newestCommit({ committed }: LogServer, name: string, { incarnation }: Topic, partition: number): bigint {
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

/** A partition as the log says that it is. */
export function placeOf(server: LogServer, name: string, partition: number): Place {
  const { incarnation, partitions } = topicOf(server, name);
  const { beginning, end } = partitions[partition] as Partition;
  if (server.planted === "marks-by-name") {
    const most = larger(end, server.highest.get(`${name} ${partition}`) ?? 0n);
    server.highest.set(`${name} ${partition}`, most);
    return { topic: name, partition, incarnation: "the topic", beginning, end: most };
  }
  return { topic: name, partition, incarnation, beginning: server.planted === "no-beginning" ? 0n : beginning, end };
}
