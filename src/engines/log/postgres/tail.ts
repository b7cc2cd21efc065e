/**
 * Keeps the records that were just appended until the groups of this process have read them, so that these need not be
 * read back. A group that is further behind, or reads again, reads the table.
 */
import type { NewRecord, StoredRecord } from "../log.ts";

/** A group that reads a topic. */
export type Follower = {
  /** The records from `from` on, as far as they are kept: `maxRecords`, or more if the last append had more. */
  read(partition: number, from: bigint, maxRecords: number): StoredRecord[];
  /** Nothing is kept for it any more. */
  leave(): void;
};

export type Tail = {
  /** From now on keeps the topic's new records until this group has read them. */
  follow(topic: string): Follower;
  /** Records that are stored, from the offset `base` on. */
  add(topic: string, partition: number, base: bigint, appendedAtMs: number, records: readonly NewRecord[]): void;
};

/** Of all topics: a few seconds of the highest load. Groups read further records from the table. */
const recordsAtMost = 50_000;
const bytesAtMost = 16 * 1024 * 1024;

type Chunk = { base: bigint; end: bigint; records: StoredRecord[]; bytes: number; unreadBy: Set<Follower> };
type Followed = { followers: Set<Follower>; partitions: Map<number, Chunk[]> };

export function createTail(): Tail {
  const topics = new Map<string, Followed>();
  let keptRecords = 0;
  let keptBytes = 0;

  /** Returns the chunks that another group still has to read. */
  function without(follower: Follower, chunks: readonly Chunk[], below: bigint | undefined): Chunk[] {
    return chunks.filter(({ end, records, bytes, unreadBy }) => {
      if (below === undefined || end <= below) unreadBy.delete(follower);
      if (unreadBy.size > 0) return true;
      keptRecords -= records.length;
      keptBytes -= bytes;
      return false;
    });
  }

  return {
    follow(topic) {
      const followed = topics.get(topic) ?? { followers: new Set(), partitions: new Map() };
      topics.set(topic, followed);
      const { followers, partitions } = followed;
      const follower: Follower = {
        read(partition, from, maxRecords) {
          const chunks = partitions.get(partition) ?? [];
          const found: StoredRecord[] = [];
          let next = from;
          for (const { base, end, records } of chunks) {
            if (end <= next) continue;
            // The table has what lies between.
            if (base > next || found.length >= maxRecords) break;
            found.push(...records.slice(Number(next - base)));
            next = end;
          }
          partitions.set(partition, without(follower, chunks, next));
          return found;
        },
        leave() {
          followers.delete(follower);
          for (const [partition, chunks] of partitions) {
            partitions.set(partition, without(follower, chunks, undefined));
          }
        },
      };
      followers.add(follower);
      return follower;
    },
    add(topic, partition, base, appendedAtMs, given) {
      const followed = topics.get(topic);
      if (!followed || followed.followers.size === 0) return;
      const bytes = given.reduce((sum, { value }) => sum + value.length, 0);
      if (keptRecords + given.length > recordsAtMost || keptBytes + bytes > bytesAtMost) return;
      const records = given.map(({ key, value, headers = {} }, i) => ({
        offset: base + BigInt(i),
        key,
        headers,
        value,
        appendedAtMs,
      }));
      const end = base + BigInt(given.length);
      const chunks = followed.partitions.get(partition) ?? [];
      chunks.push({ base, end, records, bytes, unreadBy: new Set(followed.followers) });
      followed.partitions.set(partition, chunks);
      keptRecords += records.length;
      keptBytes += bytes;
    },
  };
}
