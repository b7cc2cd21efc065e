/** Reads the offsets of partitions and groups from the broker that has them, those of several in one request. */
import { listOffsetsV8, offsetFetchV8 } from "@platformatic/kafka";
import type { Offsets } from "../log.ts";
import { check, KafkaSilence } from "./errors.ts";
import type { Answers } from "./gathered.ts";
import type { Link } from "./link.ts";

export type OfTopic = { topic: string; partitions: readonly number[] };
export type OfGroup = OfTopic & { group: string };

const answerMs = 5_000;

/** The offset of the next record (the high watermark), and the offset of the oldest record that is kept. */
export const latest = -1n;
export const earliest = -2n;

/** Kafka refuses a request that names a partition twice, so questions about one topic are merged. */
export async function listOffsets(link: Link, place: bigint, asked: readonly OfTopic[]): Promise<Answers<Offsets>> {
  const topics = mergedTopics(asked).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      currentLeaderEpoch: -1,
      timestamp: place,
    })),
  }));
  const answer = await link.ask(listOffsetsV8.api, answerMs, -1, 0, topics);
  const found = new Map(
    answer.topics.flatMap(({ name, partitions }) =>
      partitions.map((each) => [`${name} ${each.partitionIndex}`, each] as const),
    ),
  );
  return asked.map(({ topic, partitions }) => () => {
    const offsets: Offsets = new Map();
    for (const partition of partitions) {
      const what = `offset of partition ${partition} of ${topic}`;
      const each = found.get(`${topic} ${partition}`);
      if (!each) throw new KafkaSilence(`no answer about the ${what}`);
      check(what, each.errorCode);
      offsets.set(partition, each.offset);
    }
    return offsets;
  });
}

/** A committed offset, with the id of the topic that it was committed for; empty if another client has committed it. */
export type Mark = { next: bigint; incarnation: string };

export function isOf({ incarnation }: Mark, topicId: string): boolean {
  return incarnation === "" || incarnation === topicId;
}

/** Partitions without a commit are left out. */
export async function committedMarks(
  link: Link,
  asked: readonly OfGroup[],
): Promise<Answers<ReadonlyMap<number, Mark>>> {
  const groups = [...Map.groupBy(asked, ({ group }) => group)].map(([groupId, asked]) => ({
    groupId,
    memberEpoch: -1,
    topics: mergedTopics(asked),
  }));
  const answer = await link.ask(offsetFetchV8.api, answerMs, groups, false);
  const found = new Map(answer.groups.map((each) => [each.groupId, each]));
  return asked.map(({ group, topic, partitions }) => () => {
    const mine = found.get(group);
    if (!mine) throw new KafkaSilence(`no answer about the offsets of group ${group}`);
    check(`offsets of group ${group}`, mine.errorCode);
    const marks = new Map<number, Mark>();
    const ofTopic = mine.topics.filter(({ name }) => name === topic).flatMap((each) => each.partitions);
    for (const { partitionIndex, errorCode, committedOffset, metadata } of ofTopic) {
      if (!partitions.includes(partitionIndex)) continue;
      check(`offset of group ${group} on partition ${partitionIndex} of ${topic}`, errorCode);
      if (committedOffset >= 0n) marks.set(partitionIndex, { next: committedOffset, incarnation: metadata ?? "" });
    }
    return marks;
  });
}

function mergedTopics(asked: readonly OfTopic[]): { name: string; partitionIndexes: number[] }[] {
  return [...Map.groupBy(asked, ({ topic }) => topic)].map(([name, questions]) => ({
    name,
    partitionIndexes: [...new Set(questions.flatMap(({ partitions }) => partitions))],
  }));
}
