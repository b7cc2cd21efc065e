/** The log as a server: partitions, groups whose members change, hand-overs that repeat, and a tail that can be lost. */
import {
  AppendFailed,
  type Batch,
  type ConsumeOptions,
  type EventLog,
  type Offsets,
  type StoredRecord,
} from "#engines/log";
import type { Network, Process } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const partitionsOf = 2;

export type LogServer = {
  topics: Map<string, StoredRecord[][]>;
  committed: Map<string, number[]>;
  members: Map<string, Member[]>;
  partitionOf: Map<string, number>;
  /** Grows with every rebalance: who had a partition may still be at work on it when it is another's. */
  generation: number;
};

type Member = { process: Process; options: ConsumeOptions; busy: boolean[] };

export function createLogServer(): LogServer {
  return { topics: new Map(), committed: new Map(), members: new Map(), partitionOf: new Map(), generation: 0 };
}

function topicOf({ topics }: LogServer, name: string): StoredRecord[][] {
  const partitions = topics.get(name) ?? Array.from({ length: partitionsOf }, () => []);
  topics.set(name, partitions);
  return partitions;
}

function committedOf({ committed }: LogServer, group: string, topic: string): number[] {
  const name = `${group} ${topic}`;
  const offsets = committed.get(name) ?? Array.from({ length: partitionsOf }, () => 0);
  committed.set(name, offsets);
  return offsets;
}

export type Wires = { timeline: Timeline; random: Random; network: Network };

/** Hands over what waits. */
export function wake(server: LogServer, topic: string, wires: Wires): void {
  for (const member of server.members.get(topic) ?? []) {
    for (let partition = 0; partition < partitionsOf; partition += 1) handOver(server, member, partition, wires);
  }
}

function handOver(server: LogServer, member: Member, partition: number, wires: Wires): void {
  const { timeline, random, network } = wires;
  const { process, options } = member;
  const { topic, group, maxRecords, handle } = options;
  const isMine = () => {
    const living = (server.members.get(topic) ?? []).filter((one) => !one.process.dead && one.options.group === group);
    return living[(partition + server.generation) % living.length] === member;
  };
  if (member.busy[partition] || process.dead || !isMine()) return;
  const from = committedOf(server, group, topic)[partition] as number;
  if ((topicOf(server, topic)[partition]?.length ?? 0) <= from) return;
  member.busy[partition] = true;

  timeline.after(random.next() * network.weather.latencyMs, async () => {
    if (process.dead) return;
    const records = (topicOf(server, topic)[partition] ?? []).slice(
      from,
      from + Math.min(maxRecords, random.between(1, 4)),
    );
    const batch: Batch = { topic, partition, records };
    let pauseMs = 0;
    try {
      if (records.length > 0) await handle(batch);
      const committed = committedOf(server, group, topic);
      const isCommitted = !process.dead && isMine() && !random.chance(network.weather.faults);
      if (isCommitted && committed[partition] === from) committed[partition] = from + records.length;
    } catch {
      pauseMs = 200;
    }
    timeline.after(pauseMs, () => {
      member.busy[partition] = false;
      wake(server, topic, wires);
    });
  });
}

/** Acknowledged records at the end that nobody has settled are gone, as after an unclean election. */
export function loseTail(server: LogServer, topic: string, settled: (partition: number) => number): number {
  let lost = 0;
  topicOf(server, topic).forEach((records, partition) => {
    const keep = Math.max(
      settled(partition),
      ...[...server.committed].flatMap(([name, offsets]) =>
        name.endsWith(` ${topic}`) ? [offsets[partition] as number] : [],
      ),
    );
    lost += records.length - Math.min(records.length, keep);
    records.length = Math.min(records.length, keep);
  });
  return lost;
}

export function connectLog(server: LogServer, wires: Wires, process: Process): EventLog {
  const { network, random, timeline } = wires;

  function partitionOf(key: string): number {
    // By the first sight of a key and not by its bytes, which differ from run to run.
    const partition = server.partitionOf.get(key) ?? server.partitionOf.size % partitionsOf;
    server.partitionOf.set(key, partition);
    return partition;
  }

  function ask(says: string, answer: () => Offsets): Promise<Offsets> {
    return network.call({ process, says, effect: answer, unanswered: () => new Error("the log did not answer") });
  }

  return {
    async append(topic, records) {
      if (random.chance(network.weather.faults / 2)) throw new AppendFailed(topic, false, new Error("no leader"));
      return network.call({
        process,
        says: `append to ${topic}`,
        effect() {
          for (const record of records) {
            const partition = topicOf(server, topic)[partitionOf(record.key)] as StoredRecord[];
            const stored = { headers: {}, ...record, offset: BigInt(partition.length), appendedAtMs: timeline.now() };
            partition.push(stored);
          }
          wake(server, topic, wires);
        },
        unanswered: () => new AppendFailed(topic, true, new Error("no acknowledgement")),
      });
    },
    async consume(options) {
      const member: Member = { process, options, busy: [] };
      const members = (server.members.get(options.topic) ?? []).filter((one) => !one.process.dead);
      server.members.set(options.topic, [...members, member]);
      server.generation += 1;
      wake(server, options.topic, wires);
      return {
        async close() {
          server.members.set(
            options.topic,
            (server.members.get(options.topic) ?? []).filter((one) => one !== member),
          );
        },
      };
    },
    endOffsets: (topic) => ask(`ends of ${topic}`, () => offsetsOf(topicOf(server, topic).map(({ length }) => length))),
    committedOffsets: (group, topic) => ask(`offsets of ${group}`, () => offsetsOf(committedOf(server, group, topic))),
    async ensureTopics() {},
    topics: async () => [...server.topics.keys()],
    async close() {},
  };
}

function offsetsOf(offsets: readonly number[]): Offsets {
  return new Map(offsets.map((offset, partition) => [partition, BigInt(offset)]));
}
