/** Stores and reads the offsets of each group. Commits of all groups that wait share one statement. */
import type { Sql } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import type { Offsets } from "../log.ts";
import type { Position } from "../position.ts";
import type { Owner } from "./owner.ts";

export type Commit = Position & { group: string; topic: string; partition: number };

export type CommittedOffsets = {
  /** Commits in the topic's present incarnation. */
  read(group: string, topic: string): Promise<Offsets>;
  /** Commits in earlier incarnations too. */
  positions(group: string, topic: string): Promise<Map<number, Position>>;
  /** @throws if another process has taken over the log: then its consumers count, not ours. */
  commit(commit: Commit): Promise<void>;
};

/** More than the partitions with consumers in one process. */
const maxWaiting = 10_000;

export function createCommittedOffsets(sql: Sql, owner: Owner): CommittedOffsets {
  const commits = createBatcher<Commit, undefined>({ maxBatch: maxWaiting, maxWaiting, run: store });

  async function store(commits: Commit[]): Promise<undefined[]> {
    const written = await sql.query(upsertCommitted, [
      owner.epoch,
      commits.map((commit) => commit.group),
      commits.map((commit) => commit.topic),
      commits.map((commit) => commit.partition),
      commits.map((commit) => commit.next),
      commits.map((commit) => commit.incarnation),
    ]);
    if (written.length === 0)
      throw new Error("offsets were not committed: another process has taken over the event log");
    return [];
  }

  return {
    async read(group, topic) {
      const rows = await sql.query<CommittedRow>(selectCommitted, [group, topic]);
      return new Map(
        rows.flatMap((row) => (row.is_current ? [[row.partition, BigInt(row.next_offset)] as const] : [])),
      );
    },
    async positions(group, topic) {
      const rows = await sql.query<CommittedRow>(selectCommitted, [group, topic]);
      return new Map(
        rows.map((row) => [row.partition, { incarnation: row.incarnation, next: BigInt(row.next_offset) }]),
      );
    },
    async commit(commit) {
      await commits.add(commit);
    },
  };
}

type CommittedRow = { partition: number; next_offset: number; incarnation: string; is_current: boolean };

const selectCommitted = `
  select partition, next_offset, coalesce(committed.incarnation::text, '') as incarnation,
         coalesce(committed.incarnation = topic.incarnation, true) as is_current
  from event_log.committed left join event_log.topic using (topic)
  where consumer_group = $1 and topic = $2`;

const upsertCommitted = `
  insert into event_log.committed (consumer_group, topic, partition, next_offset, incarnation)
  select given.*
  from event_log.owner,
    unnest($2::text[], $3::text[], $4::integer[], $5::bigint[], $6::uuid[]) as given
  where owner.epoch = $1
  on conflict (consumer_group, topic, partition)
    do update set next_offset = excluded.next_offset, incarnation = excluded.incarnation
  returning partition`;
