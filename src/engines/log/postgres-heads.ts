/** The topics, and how far each of their partitions reaches. Kept in memory, because one process appends and knows. */
import type { Sql } from "#engines/sql";
import type { Offsets, TopicSettings } from "./log.ts";

export type Heads = {
  /** @throws for a topic that nobody has made. */
  partitionOf(topic: string, key: string): number;
  /** @throws for a topic that nobody has made. */
  partitionsOf(topic: string): number;
  raise(topic: string, partition: number, end: bigint): void;
  /** Resolves when the partition holds a record at `offset`, and when waiting is over for good. */
  reaches(topic: string, partition: number, offset: bigint): Promise<void>;
  /** Finds what was appended without an answer. */
  refresh(): Promise<void>;
  read(topic: string): Promise<Offsets>;
  ensure(topics: readonly TopicSettings[]): Promise<void>;
  topics(): string[];
  /** Ends every wait. */
  close(): void;
};

type Head = { end: bigint; waiting: (() => void)[] };

export function createHeads(sql: Sql): Heads {
  const heads = new Map<string, Head[]>();
  let closed = false;

  function headsOf(topic: string): Head[] {
    const found = heads.get(topic);
    if (!found)
      throw new Error(`there is no topic ${topic}; make it with ensureTopics, as the start of the process does`);
    return found;
  }

  function headOf(topic: string, partition: number): Head {
    const head = headsOf(topic)[partition];
    if (!head) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    return head;
  }

  function raise(topic: string, partition: number, end: bigint): void {
    const head = headOf(topic, partition);
    if (end <= head.end) return;
    head.end = end;
    wake(head);
  }

  async function refresh(): Promise<void> {
    for (const row of await sql.query<HeadRow>(selectHeads)) {
      const partitions = heads.get(row.topic) ?? [];
      heads.set(row.topic, partitions);
      partitions[row.partition] ??= { end: 0n, waiting: [] };
      raise(row.topic, row.partition, BigInt(row.next_offset));
    }
  }

  return {
    partitionOf: (topic, key) => hashOf(key) % headsOf(topic).length,
    partitionsOf: (topic) => headsOf(topic).length,
    raise,
    refresh,
    async reaches(topic, partition, offset) {
      const head = headOf(topic, partition);
      if (closed || head.end > offset) return;
      await new Promise<void>((resolve) => head.waiting.push(resolve));
    },
    async read(topic) {
      headsOf(topic);
      const rows = await sql.query<HeadRow>(`${selectHeads} where topic = $1`, [topic]);
      return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
    },
    async ensure(topics) {
      await sql.query(insertTopics, [topics.map((topic) => topic.name), topics.map((topic) => topic.partitions)]);
      await refresh();
    },
    topics: () => [...heads.keys()].sort(),
    close() {
      closed = true;
      for (const head of [...heads.values()].flat()) wake(head);
    },
  };
}

function wake(head: Head): void {
  const waiting = head.waiting;
  head.waiting = [];
  for (const resolve of waiting) resolve();
}

/** FNV-1a over UTF-16 code units. Never to change: records of one key would part. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

type HeadRow = { topic: string; partition: number; next_offset: number };

const selectHeads = "select topic, partition, next_offset from event_log.head";

// A topic that is there keeps its number of partitions.
const insertTopics = `
  insert into event_log.head (topic, partition)
  select name, partition
  from unnest($1::text[], $2::integer[]) as wanted(name, partitions),
    generate_series(0, partitions - 1) as partition
  where not exists (select from event_log.head where topic = name)
  on conflict do nothing`;
