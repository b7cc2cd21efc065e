/** A process on the log. */
import { AppendFailed, type EventLog, type Offsets } from "#engines/log";
import { newLane, serve } from "./log-lane.ts";
import {
  committedOf,
  type LogServer,
  type Member,
  type Partition,
  partitionsOf,
  placeOf,
  type Topic,
  topicOf,
  type Wires,
} from "./log-server.ts";
import type { Process } from "./network.ts";

/** Hands over what waits. */
export function wake(server: LogServer, topic: string, wires: Wires): void {
  for (const member of server.members.get(topic) ?? []) {
    for (let partition = 0; partition < partitionsOf; partition += 1) {
      serve(server, member, partition, { ...wires, again: () => wake(server, topic, wires) });
    }
  }
}

export function connectLog(server: LogServer, wires: Wires, process: Process): EventLog {
  const { network, random, timeline } = wires;

  function partitionOf(key: string): number {
    // By the first sight of a key and not by its bytes, which differ from run to run.
    const partition = server.partitionOf.get(key) ?? server.partitionOf.size % partitionsOf;
    server.partitionOf.set(key, partition);
    return partition;
  }

  function ask<T>(says: string, answer: () => T): Promise<T> {
    return network.call({ process, says, effect: answer, unanswered: () => new Error("the log did not answer") });
  }

  return {
    async append(topic, records) {
      if (server.takesNothing || random.chance(network.weather.faults / 2))
        throw new AppendFailed(topic, false, new Error("no leader"));
      return network.call({
        process,
        says: `append to ${topic}`,
        effect() {
          for (const record of records) {
            const partition = topicOf(server, topic).partitions[partitionOf(record.key)] as Partition;
            partition.records.push({ headers: {}, ...record, offset: partition.end, appendedAtMs: timeline.now() });
            partition.end += server.holes > 0 && random.chance(server.holes) ? 2n : 1n;
          }
          wake(server, topic, wires);
        },
        unanswered: () => new AppendFailed(topic, true, new Error("no acknowledgement")),
      });
    },
    async consume(options) {
      const lanes = Array.from({ length: partitionsOf }, newLane);
      const member: Member = { process, options, lanes };
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
    endOffsets: (topic) => ask(`ends of ${topic}`, () => endsOf(topicOf(server, topic))),
    bounds: (topic) =>
      ask(`bounds of ${topic}`, () => {
        const found = topicOf(server, topic);
        const places = found.partitions.map((_, partition) => placeOf(server, topic, partition));
        return {
          incarnation: places[0]?.incarnation ?? "",
          beginnings: new Map(places.map(({ partition, beginning }) => [partition, beginning])),
          ends: new Map(places.map(({ partition, end }) => [partition, end])),
        };
      }),
    committedOffsets: (group, topic) =>
      ask(`offsets of ${group}`, () => {
        const { incarnation } = topicOf(server, topic);
        const commits = [...committedOf(server, group, topic)].filter(([, one]) => one.incarnation === incarnation);
        return new Map(commits.map(([partition, { next }]) => [partition, next]));
      }),
    async ensureTopics() {},
    topics: async () => [...server.topics.keys()],
    async close() {},
  };
}

function endsOf({ partitions }: Topic): Offsets {
  return new Map(partitions.map(({ end }, partition) => [partition, end]));
}
