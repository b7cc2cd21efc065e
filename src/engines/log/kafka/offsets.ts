/** Reads the offsets of partitions and groups from the broker that has them. */
import { listOffsetsV8, offsetFetchV8 } from "@platformatic/kafka";
import type { Offsets } from "../log.ts";
import { check } from "./errors.ts";
import type { Link } from "./link.ts";

const answerMs = 5_000;

/** The offset of the next record (the high watermark), and the offset of the oldest record that is kept. */
export const latest = -1n;
export const earliest = -2n;

export async function listOffsets(
  link: Link,
  topic: string,
  partitions: readonly number[],
  place: bigint,
): Promise<Offsets> {
  const asked = partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: place }));
  const answer = await link.ask(listOffsetsV8.api, answerMs, -1, 0, [{ name: topic, partitions: asked }]);
  const found: Offsets = new Map();
  for (const { partitionIndex, errorCode, offset } of answer.topics.flatMap((each) => each.partitions)) {
    check(`offset of partition ${partitionIndex} of ${topic}`, errorCode);
    found.set(partitionIndex, offset);
  }
  return found;
}

/** A committed offset, with the id of the topic that it was committed for; empty if another client has committed it. */
export type Mark = { next: bigint; incarnation: string };

export function isOf({ incarnation }: Mark, topicId: string): boolean {
  return incarnation === "" || incarnation === topicId;
}

/** Partitions without a commit are left out. */
export async function committedMarks(
  link: Link,
  group: string,
  topic: string,
  partitions: number[],
): Promise<Map<number, Mark>> {
  const topics = [{ name: topic, partitionIndexes: partitions }];
  const answer = await link.ask(offsetFetchV8.api, answerMs, [{ groupId: group, memberEpoch: -1, topics }], false);
  const marks = new Map<number, Mark>();
  for (const { errorCode, topics } of answer.groups) {
    check(`offsets of group ${group}`, errorCode);
    for (const found of topics.flatMap((each) => each.partitions)) {
      check(`offset of group ${group} on partition ${found.partitionIndex} of ${topic}`, found.errorCode);
      if (found.committedOffset < 0n) continue;
      marks.set(found.partitionIndex, { next: found.committedOffset, incarnation: found.metadata ?? "" });
    }
  }
  return marks;
}
