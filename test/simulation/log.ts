/** Simulates the connection of one process to the log, over a network that fails. */
import { AppendFailed, type EventLog, type Offsets } from "#engines/log";
import {
  committedOf,
  type LogBroker,
  type Member,
  type Partition,
  partitionsOf,
  placeOf,
  type Topic,
  topicOf,
  type Wires,
} from "./log-broker.ts";
import type { Process } from "./network.ts";
import { newPartitionConsumer, poll } from "./partition-consumer.ts";

/** Polls every partition of the topic for every member. */
export function wake(broker: LogBroker, topic: string, wires: Wires): void {
  for (const member of broker.members.get(topic) ?? []) {
    for (let partition = 0; partition < partitionsOf; partition += 1) {
      poll(broker, member, partition, { ...wires, again: () => wake(broker, topic, wires) });
    }
  }
}

export function connectLog(broker: LogBroker, wires: Wires, process: Process): EventLog {
  const { network, random, timeline } = wires;

  function partitionOf(key: string): number {
    // By the first sight of a key and not by its bytes, which differ from run to run.
    const partition = broker.partitionOf.get(key) ?? broker.partitionOf.size % partitionsOf;
    broker.partitionOf.set(key, partition);
    return partition;
  }

  function ask<T>(says: string, answer: () => T): Promise<T> {
    return network.call({ process, says, effect: answer, unanswered: () => new Error("the log did not answer") });
  }

  return {
    async append(topic, records) {
      if (broker.takesNothing || random.chance(network.weather.faults / 2))
        throw new AppendFailed(topic, false, new Error("no leader"));
      return network.call({
        process,
        says: `append to ${topic}`,
        effect() {
          for (const record of records) {
            const partition = topicOf(broker, topic).partitions[partitionOf(record.key)] as Partition;
            partition.records.push({ headers: {}, ...record, offset: partition.end, appendedAtMs: timeline.now() });
            partition.end += broker.holes > 0 && random.chance(broker.holes) ? 2n : 1n;
          }
          wake(broker, topic, wires);
        },
        unanswered: () => new AppendFailed(topic, true, new Error("no acknowledgement")),
      });
    },
    async consume(options) {
      const consumers = Array.from({ length: partitionsOf }, newPartitionConsumer);
      const member: Member = { process, options, consumers };
      const members = (broker.members.get(options.topic) ?? []).filter((one) => !one.process.dead);
      broker.members.set(options.topic, [...members, member]);
      broker.generation += 1;
      wake(broker, options.topic, wires);
      return {
        async close() {
          broker.members.set(
            options.topic,
            (broker.members.get(options.topic) ?? []).filter((one) => one !== member),
          );
        },
      };
    },
    endOffsets: (topic) => ask(`ends of ${topic}`, () => endsOf(topicOf(broker, topic))),
    bounds: (topic) =>
      ask(`bounds of ${topic}`, () => {
        const found = topicOf(broker, topic);
        const places = found.partitions.map((_, partition) => placeOf(broker, topic, partition));
        return {
          incarnation: places[0]?.incarnation ?? "",
          beginnings: new Map(places.map(({ partition, beginning }) => [partition, beginning])),
          ends: new Map(places.map(({ partition, end }) => [partition, end])),
        };
      }),
    committedOffsets: (group, topic) =>
      ask(`offsets of ${group}`, () => {
        const { incarnation } = topicOf(broker, topic);
        const commits = [...committedOf(broker, group, topic)].filter(([, one]) => one.incarnation === incarnation);
        return new Map(commits.map(([partition, { next }]) => [partition, next]));
      }),
    async ensureTopics() {},
    topics: async () => [...broker.topics.keys()],
    async close() {},
  };
}

function endsOf({ partitions }: Topic): Offsets {
  return new Map(partitions.map(({ end }, partition) => [partition, end]));
}
