/** How far each group has come. Commits of all groups that wait share one statement. */
import type { Sql } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import type { Offsets } from "../log.ts";
import type { Owner } from "./owner.ts";

export type Commit = { group: string; topic: string; partition: number; next: bigint };

export type CommittedOffsets = {
  read(group: string, topic: string): Promise<Offsets>;
  /** @throws when another process has taken over the log: its consumers count, not ours. */
  commit(commit: Commit): Promise<void>;
};

/** More than there are partitions with consumers in one process. */
const MAX_WAITING = 10_000;

export function createCommittedOffsets(sql: Sql, owner: Owner): CommittedOffsets {
  const commits = createBatcher<Commit, undefined>({ maxBatch: MAX_WAITING, maxWaiting: MAX_WAITING, run: store });

  async function store(commits: Commit[]): Promise<undefined[]> {
    const written = await sql.query(upsertCommitted, [
      owner.epoch,
      commits.map((commit) => commit.group),
      commits.map((commit) => commit.topic),
      commits.map((commit) => commit.partition),
      commits.map((commit) => commit.next),
    ]);
    if (written.length === 0)
      throw new Error("offsets were not committed: another process has taken over the event log");
    return [];
  }

  return {
    async read(group, topic) {
      const rows = await sql.query<{ partition: number; next_offset: number }>(selectCommitted, [group, topic]);
      return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
    },
    async commit(commit) {
      await commits.add(commit);
    },
  };
}

const selectCommitted =
  "select partition, next_offset from event_log.committed where consumer_group = $1 and topic = $2";

const upsertCommitted = `
  insert into event_log.committed (consumer_group, topic, partition, next_offset)
  select given.* from event_log.owner, unnest($2::text[], $3::text[], $4::integer[], $5::bigint[]) as given
  where owner.epoch = $1
  on conflict (consumer_group, topic, partition) do update set next_offset = excluded.next_offset
  returning partition`;
