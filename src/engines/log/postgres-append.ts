/**
 * Group commit: all appends that wait, of all topics, leave as one statement, which is one transaction and one fsync.
 * While it is under way the next ones gather.
 */
import pg from "pg";
import { createBatcher, QueueFull } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { encodeFrame } from "./frames.ts";
import { AppendFailed, type NewRecord } from "./log.ts";
import type { Heads } from "./postgres-heads.ts";
import type { Owner } from "./postgres-owner.ts";

export type Appender = {
  /** Answers within about 2 s. @throws AppendFailed */
  append(topic: string, records: readonly NewRecord[]): Promise<void>;
  /** Refuses what comes from now on and waits for what was taken. */
  close(): Promise<void>;
};

const MAX_WAITING_RECORDS = 20_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const MAX_APPENDS_A_STATEMENT = 4_096;
/** What waited longer for its turn fails unsent, which its caller can undo, instead of being sent with little time left. */
const TURN_MS = 1_000;

type Append = { topic: string; frames: { partition: number; frame: Buffer }[]; bytes: number; since: number };

export function createAppender(owner: Owner, heads: Heads): Appender {
  let waitingRecords = 0;
  let waitingBytes = 0;
  let closed = false;
  const batcher = createBatcher<Append, AppendFailed | undefined>({
    maxBatch: MAX_APPENDS_A_STATEMENT,
    maxWaiting: MAX_WAITING_RECORDS,
    run: store,
  });

  async function store(appends: Append[]): Promise<(AppendFailed | undefined)[]> {
    for (const append of appends) {
      waitingRecords -= append.frames.length;
      waitingBytes -= append.bytes;
    }
    let client: pg.Client;
    try {
      if (owner.fenced) throw owner.fenced;
      client = await owner.connection();
      await crashPoint("log.append");
    } catch (error) {
      return appends.map(({ topic }) => new AppendFailed(topic, false, error));
    }
    const oldest = performance.now() - TURN_MS;
    const inTime = appends.filter((append) => append.since >= oldest);
    const outcome = await send(client, inTime);
    return appends.map(({ topic, since }) =>
      since >= oldest ? outcome(topic) : new AppendFailed(topic, false, late()),
    );
  }

  /** Answers what became of a topic's records. */
  async function send(client: pg.Client, appends: Append[]): Promise<(topic: string) => AppendFailed | undefined> {
    if (appends.length === 0) return () => undefined;
    try {
      const batches = groupByPartition(appends);
      const { rows } = await client.query<StoredRow>({
        name: "append",
        text: insertBatches,
        values: [owner.epoch, ...columnsOf(batches)],
      });
      await crashPoint("log.append.acknowledged");
      for (const row of rows) heads.raise(row.topic, row.partition, BigInt(row.next_offset));
      if (rows.length === batches.length) return () => undefined;
      return await whyNotStored(batches, rows);
    } catch (error) {
      const handedOver = !isRefusal(error);
      if (handedOver) owner.discard(client);
      return (topic) => new AppendFailed(topic, handedOver, error);
    }
  }

  /** The statement stood, but not for all: the epoch has moved on, or a head was deleted by hand. */
  async function whyNotStored(
    sent: NewBatch[],
    stored: StoredRow[],
  ): Promise<(topic: string) => AppendFailed | undefined> {
    await owner.keep().catch(() => {});
    const cause = owner.fenced ?? new Error("a partition of the topic has disappeared from event_log.head");
    const isStored = (batch: NewBatch) =>
      stored.some((row) => row.topic === batch.topic && row.partition === batch.partition);
    return (topic) => {
      const ofTopic = sent.filter((batch) => batch.topic === topic);
      return ofTopic.every(isStored) ? undefined : new AppendFailed(topic, ofTopic.some(isStored), cause);
    };
  }

  function take(topic: string, records: readonly NewRecord[]): Append {
    if (closed) throw new Error("the event log is closed");
    if (waitingRecords >= MAX_WAITING_RECORDS || waitingBytes >= MAX_WAITING_BYTES) throw new QueueFull();
    let bytes = 0;
    const frames = records.map((record) => {
      const frame = encodeFrame(record);
      bytes += frame.length;
      return { partition: heads.partitionOf(topic, record.key), frame };
    });
    return { topic, frames, bytes, since: performance.now() };
  }

  return {
    async append(topic, records) {
      if (records.length === 0) return;
      let append: Append;
      try {
        append = take(topic, records);
      } catch (error) {
        throw new AppendFailed(topic, false, error);
      }
      waitingRecords += append.frames.length;
      waitingBytes += append.bytes;
      const failure = await batcher.add(append);
      if (failure) throw failure;
    },
    async close() {
      closed = true;
      await batcher.idle();
    },
  };
}

type NewBatch = { topic: string; partition: number; frames: Buffer[] };

function groupByPartition(appends: readonly Append[]): NewBatch[] {
  const batches = new Map<string, NewBatch>();
  for (const { topic, frames } of appends) {
    for (const { partition, frame } of frames) {
      const name = `${partition} ${topic}`;
      const batch = batches.get(name);
      if (batch) batch.frames.push(frame);
      else batches.set(name, { topic, partition, frames: [frame] });
    }
  }
  return [...batches.values()];
}

/** All frames go as one value and are cut by the statement: an array of bytea would travel as hexadecimal text. */
function columnsOf(batches: readonly NewBatch[]): unknown[] {
  const sizes = batches.map(({ frames }) => frames.reduce((sum, frame) => sum + frame.length, 0));
  let start = 1;
  const starts = sizes.map((size) => {
    start += size;
    return start - size;
  });
  return [
    batches.map((batch) => batch.topic),
    batches.map((batch) => batch.partition),
    batches.map((batch) => batch.frames.length),
    starts,
    sizes,
    Buffer.concat(batches.flatMap((batch) => batch.frames)),
  ];
}

/**
 * PostgreSQL itself said no to the statement and took all of it back. FATAL and PANIC can come after the commit,
 * and so can silence.
 */
export function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === "ERROR";
}

const late = () => new Error(`its turn did not come within ${TURN_MS} ms; PostgreSQL is slow or away`);

type StoredRow = { topic: string; partition: number; next_offset: string };

// "for share" makes a take-over wait for this transaction, and this one see a take-over that was first.
const insertBatches = `
  with owned as (
    select epoch from event_log.owner where epoch = $1 for share
  ), given as (
    select *
    from unnest($2::text[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
      as given(topic, partition, record_count, start, size)
  ), advanced as (
    update event_log.head
    set next_offset = head.next_offset + given.record_count
    from owned, given
    where head.topic = given.topic and head.partition = given.partition
    returning head.topic, head.partition, head.next_offset, given.record_count, given.start, given.size
  )
  insert into event_log.batch (topic, partition, base_offset, record_count, records)
  select topic, partition, next_offset - record_count, record_count, substring($7::bytea from start for size)
  from advanced
  returning topic, partition, base_offset + record_count as next_offset`;
