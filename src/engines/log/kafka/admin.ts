/** Creates topics, and reads the offsets of partitions and groups. */
import { createTopicsV7 } from "@platformatic/kafka";
import type { Bounds, Offsets, TopicSettings } from "../log.ts";
import type { Cluster } from "./cluster.ts";
import { type Coordinator, createCoordinator } from "./coordinator.ts";
import { check, isPassing, isRefusal, KafkaSilence, repeated } from "./errors.ts";
import { createGathered } from "./gathered.ts";
import { createLinks } from "./links.ts";
import { committedMarks, earliest, isOf, latest, listOffsets, type OfGroup, type OfTopic } from "./offsets.ts";

export type Admin = {
  endOffsets(topic: string): Promise<Offsets>;
  bounds(topic: string): Promise<Bounds>;
  committedOffsets(group: string, topic: string): Promise<Offsets>;
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>;
  close(): void;
};

const withinMs = 10_000;
const answerMs = 5_000;

/** The deployment guide's retention: 7 days or 1 GiB a partition, whichever comes first. */
const retention = [
  { name: "retention.ms", value: String(168 * 3_600_000) },
  { name: "retention.bytes", value: String(1_073_741_824) },
];
/**
 * The broker's clock stamps each record. Stamped by the machine that sends it, a record of a machine whose clock is an hour
 * ahead is refused, and one of a machine that is a week behind is older than the retention when it arrives.
 */
const brokersTime = { name: "message.timestamp.type", value: "LogAppendTime" };
const forever = [
  { name: "cleanup.policy", value: "delete" },
  { name: "retention.ms", value: "-1" },
  { name: "retention.bytes", value: "-1" },
];

export function createAdmin(cluster: Cluster): Admin {
  const links = createLinks(cluster);
  /** As many as the groups that this process asks about. */
  const coordinators = new Map<string, Coordinator>();
  // The lag of all groups is asked for at once.
  const listAt = (place: bigint) =>
    createGathered(async (node, asked: readonly OfTopic[]) => listOffsets(await links.to(node), place, asked));
  const [listEarliest, listLatest] = [listAt(earliest), listAt(latest)];
  const readCommitted = createGathered(async (node, asked: readonly OfGroup[]) =>
    committedMarks(await links.to(node), asked),
  );

  async function listEnds(topic: string): Promise<Offsets> {
    try {
      return await askLeaders(topic, listLatest);
    } catch (error) {
      cluster.forget(topic);
      throw error;
    }
  }

  /**
   * The name of a topic outlives the topic. The offsets are those of one topic only if its id is the same before and
   * after.
   */
  async function readBounds(topic: string): Promise<Bounds> {
    const { id } = await cluster.topicNow(topic);
    try {
      const beginnings = await askLeaders(topic, listEarliest);
      const ends = await askLeaders(topic, listLatest);
      if ((await cluster.topicNow(topic)).id === id) return { incarnation: id, beginnings, ends };
    } catch (error) {
      cluster.forget(topic);
      throw error;
    }
    throw new KafkaSilence(`topic ${topic} was made again during the request`);
  }

  async function askLeaders(topic: string, list: typeof listLatest): Promise<Offsets> {
    const { leaders } = await cluster.topic(topic);
    const byLeader = Map.groupBy(leaders.keys(), (partition) => leaders[partition] as number);
    const offsets: Offsets = new Map();
    const asked = [...byLeader].map(async ([leader, partitions]) => {
      const found = await list(leader, { topic, partitions });
      for (const [partition, offset] of found) offsets.set(partition, offset);
    });
    await Promise.all(asked);
    return new Map([...offsets].toSorted(([a], [b]) => a - b));
  }

  async function missing(topics: readonly TopicSettings[]): Promise<TopicSettings[]> {
    const there = new Set(await cluster.topics());
    return topics.filter(({ name }) => !there.has(name));
  }

  async function create(topics: readonly TopicSettings[]): Promise<void> {
    const { nodes, controller } = await cluster.brokers();
    const replicas = Math.min(3, nodes.length);
    // With three copies an acknowledged record survives the loss of any one broker, and one broker may be down.
    const inSync = { name: "min.insync.replicas", value: replicas >= 3 ? "2" : "1" };
    const wanted = topics.map(({ name, partitions, keptForever }) => {
      const configs = [...(keptForever ? forever : retention), brokersTime, inSync];
      return { name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs };
    });
    const link = await links.to(controller);
    const answer = await link.ask(createTopicsV7.api, answerMs, wanted, answerMs, false);
    for (const { name, errorCode, errorMessage } of answer.topics) {
      if (errorCode !== topicAlreadyExists) check(`make topic ${name}`, errorCode, errorMessage);
    }
  }

  return {
    endOffsets: (topic) => repeated(withinMs, () => listEnds(topic), mayPass),
    bounds: (topic) => repeated(withinMs, () => readBounds(topic), mayPass),
    committedOffsets(group, topic) {
      const coordinator = coordinators.get(group) ?? createCoordinator(cluster, links, group);
      coordinators.set(group, coordinator);
      return repeated(
        withinMs,
        async () => {
          const { id, leaders } = await cluster.topic(topic);
          const partitions = [...leaders.keys()];
          const marks = await coordinator.use((_, node) => readCommitted(node, { group, topic, partitions }));
          return new Map([...marks].flatMap(([at, mark]) => (isOf(mark, id) ? [[at, mark.next] as const] : [])));
        },
        mayPass,
      );
    },
    async ensureTopics(topics) {
      await repeated(withinMs, async () => {
        const made = await missing(topics);
        if (made.length > 0) await create(made);
      });
      // A topic that was just made is unknown to some brokers for a moment, and its leaders are not ready to lead.
      for (const { name } of topics) await repeated(withinMs, () => listEnds(name));
    },
    close: links.cut,
  };
}

const topicAlreadyExists = 36;

/** Do not retry: a missing topic stays missing. */
function mayPass(error: unknown): boolean {
  return isPassing(error) && !isRefusal(error, "UNKNOWN_TOPIC_OR_PARTITION");
}
