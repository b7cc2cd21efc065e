/**
 * Keeps the topics, and the end of each of their partitions. The owner keeps them in memory, because no other process
 * appends. A database row for them would be updated most often of all, and would be slow while any old snapshot is
 * open.
 */
import type { Sql } from "#engines/sql";
import { UnknownTopic } from "../append-failed.ts";
import type { Bounds, TopicSettings } from "../log.ts";

export type Heads = {
  /** @throws for a topic that does not exist. */
  partitionsOf(topic: string): number;
  /** The offset of the next record, unless an append that was given up has been stored since. */
  endOf(topic: string, partition: number): bigint;
  raise(topic: string, partition: number, end: bigint): void;
  /** Resolves when the partition holds a record at `offset`, or when the log is closed. */
  reaches(topic: string, partition: number, offset: bigint): Promise<void>;
  /** Finds records that were stored without an answer. Returns whether there were any. */
  refresh(): Promise<boolean>;
  /** The state in PostgreSQL. @throws for a topic that does not exist. */
  read(topic: string): Promise<Bounds>;
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
    if (!found) throw new UnknownTopic(topic);
    return found;
  }

  function headOf(topic: string, partition: number): Head {
    const head = headsOf(topic)[partition];
    if (!head) throw new RangeError(`topic ${topic} has no partition ${partition}`);
    return head;
  }

  function raise(topic: string, partition: number, end: bigint): boolean {
    const head = headOf(topic, partition);
    if (end <= head.end) return false;
    head.end = end;
    wake(head);
    return true;
  }

  async function refresh(): Promise<boolean> {
    let found = false;
    for (const { topic, partition, end } of await sql.query<EndRow>(selectEnds)) {
      const known = heads.get(topic) ?? [];
      heads.set(topic, known);
      known[partition] ??= { end: 0n, waiting: [] };
      found = raise(topic, partition, BigInt(end)) || found;
    }
    return found;
  }

  return {
    partitionsOf: (topic) => headsOf(topic).length,
    endOf: (topic, partition) => headOf(topic, partition).end,
    raise,
    refresh,
    async reaches(topic, partition, offset) {
      const head = headOf(topic, partition);
      if (closed || head.end > offset) return;
      await new Promise<void>((resolve) => head.waiting.push(resolve));
    },
    async read(topic) {
      headsOf(topic);
      const rows = await sql.query<BoundsRow>(selectBounds, [topic]);
      const [first] = rows;
      if (!first) throw new Error(`topic ${topic} was deleted from event_log.topic: restart to make it again`);
      return {
        incarnation: first.incarnation,
        beginnings: new Map(rows.map((row) => [row.partition, BigInt(row.beginning)])),
        ends: new Map(rows.map((row) => [row.partition, BigInt(row.end)])),
      };
    },
    async ensure(topics) {
      await sql.query(insertTopics, [topics.map((topic) => topic.name), topics.map((topic) => topic.partitions)]);
      await refresh();
    },
    topics: () => [...heads.keys()].toSorted(),
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

type EndRow = { topic: string; partition: number; end: number };
type BoundsRow = { incarnation: string; partition: number; beginning: number; end: number };

const selectEnds = `
  select topic, partition, coalesce(last.next_offset, 0) as end
  from event_log.topic
    cross join generate_series(0, partitions - 1) as partition
    left join lateral (
      select base_offset + record_count as next_offset
      from event_log.batch
      where batch.topic = topic.topic and batch.partition = partition.partition
      order by base_offset desc
      limit 1
    ) as last on true`;

// Deleted rows correspond to retention in other logs. One statement reads one snapshot.
const selectBounds = `
  select incarnation::text, partition, coalesce(first.base_offset, last.next_offset, 0) as beginning,
         coalesce(last.next_offset, 0) as end
  from event_log.topic
    cross join generate_series(0, partitions - 1) as partition
    left join lateral (
      select base_offset
      from event_log.batch
      where batch.topic = topic.topic and batch.partition = partition.partition
      order by base_offset
      limit 1
    ) as first on true
    left join lateral (
      select base_offset + record_count as next_offset
      from event_log.batch
      where batch.topic = topic.topic and batch.partition = partition.partition
      order by base_offset desc
      limit 1
    ) as last on true
  where topic = $1
  order by partition`;

// An existing topic keeps its number of partitions.
const insertTopics = `
  insert into event_log.topic (topic, partitions)
  select * from unnest($1::text[], $2::integer[])
  on conflict do nothing`;
