/** Reads stored batches of records from PostgreSQL. Partitions that wait to be read at the same time share one statement. */
import type { Sql } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import type { StoredRecord } from "../log.ts";
import { decodeFrames } from "./frames.ts";

export type Want = { topic: string; partition: number; from: bigint; maxRecords: number };

/** Returns the records from `from` on: `maxRecords`, or more if the last stored batch holds more. */
export type ReadRecords = (want: Want) => Promise<StoredRecord[]>;

/** More than the partitions with consumers in one process. */
const maxWaiting = 10_000;
/** One statement brings at most this many times `maxRecords`, and one batch each, into memory. */
const maxReadsAStatement = 16;

export function createReader(sql: Sql): ReadRecords {
  const reads = createBatcher({ maxBatch: maxReadsAStatement, maxWaiting, run: readBatches });

  async function readBatches(wants: Want[]): Promise<BatchRow[][]> {
    const rows = await sql.query<BatchRow>(selectBatches, [
      wants.map((want) => want.topic),
      wants.map((want) => want.partition),
      wants.map((want) => want.from),
      wants.map((want) => want.maxRecords),
    ]);
    return wants.map((_, i) => rows.filter((row) => row.want === i + 1));
  }

  /** A batch that cannot be decoded stops its own partition, not the others of the statement. */
  return async (want) => (await reads.add(want)).flatMap((row) => decode(row, want.from));
}

/** The first batch may begin before the requested offset. */
function decode(row: BatchRow, from: bigint): StoredRecord[] {
  const baseOffset = BigInt(row.base_offset);
  const records = decodeFrames({ baseOffset, appendedAtMs: row.appended_at_ms, frames: row.records });
  return baseOffset >= from ? records : records.slice(Number(from - baseOffset));
}

type BatchRow = { want: number; base_offset: number; appended_at_ms: number; records: Buffer };

// Begins with the stored batch that holds the offset, or, if its rows were deleted, with the next one. From there on a
// range of offsets bounds the number of records.
const selectBatches = `
  select want::integer, found.base_offset, extract(epoch from appended_at)::float8 * 1000 as appended_at_ms, records
  from unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[])
      with ordinality as given(topic, partition, from_offset, max_records, want)
    left join lateral (
      select base_offset, base_offset + record_count > from_offset as holds_it
      from event_log.batch
      where batch.topic = given.topic and batch.partition = given.partition and base_offset <= from_offset
      order by base_offset desc
      limit 1
    ) as below on true
    left join lateral (
      select base_offset
      from event_log.batch
      where batch.topic = given.topic and batch.partition = given.partition and base_offset > from_offset
      order by base_offset
      limit 1
    ) as above on below.holds_it is not true
    cross join lateral (
      select base_offset, appended_at, records
      from event_log.batch
      where batch.topic = given.topic and batch.partition = given.partition
        and base_offset >= coalesce(above.base_offset, below.base_offset)
        and base_offset < coalesce(above.base_offset, from_offset) + max_records
      order by base_offset
    ) as found
  order by want, base_offset`;
