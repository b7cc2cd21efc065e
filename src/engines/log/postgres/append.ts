/**
 * Group commit: all appends that wait, of all topics, leave as one statement, which is one transaction and one fsync.
 * While it is under way the next ones gather.
 */
import { createBatcher, QueueFull } from "#platform/batch";
import { AppendFailed, type NewRecord } from "../log.ts";
import { partitionOf } from "../partitions.ts";
import { encodeFrame } from "./frames.ts";
import type { Heads } from "./heads.ts";
import type { Frame, InsertFrames } from "./insert.ts";

export type Appender = {
  /** Waits at most about 1 s for its turn and 2 s for its answer. @throws AppendFailed */
  append(topic: string, records: readonly NewRecord[]): Promise<void>;
  /** Refuses what comes from now on and waits for what was taken. */
  close(): Promise<void>;
};

const MAX_WAITING_RECORDS = 20_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const MAX_APPENDS_A_STATEMENT = 4_096;
/** An append that waited longer fails unsent, so its caller can undo it. */
const TURN_MS = 1_000;

type Append = { topic: string; frames: Frame[]; bytes: number; since: number };

export function createAppender(heads: Heads, insert: InsertFrames): Appender {
  let waitingRecords = 0;
  let waitingBytes = 0;
  let closed = false;
  const batcher = createBatcher<Append, AppendFailed | undefined>({
    maxBatch: MAX_APPENDS_A_STATEMENT,
    maxWaiting: MAX_WAITING_RECORDS,
    run: flush,
  });

  async function flush(appends: Append[]): Promise<(AppendFailed | undefined)[]> {
    for (const append of appends) {
      waitingRecords -= append.frames.length;
      waitingBytes -= append.bytes;
    }
    const oldest = performance.now() - TURN_MS;
    const inTime = appends.filter((append) => append.since >= oldest);
    const failure = inTime.length > 0 ? await insert(inTime.flatMap((append) => append.frames)) : undefined;
    return appends.map(({ topic, since }) => {
      if (since < oldest) return new AppendFailed(topic, false, late());
      return failure && new AppendFailed(topic, failure.handedOver, failure.cause);
    });
  }

  function take(topic: string, records: readonly NewRecord[]): Append {
    if (closed) throw new Error("the event log is closed");
    if (waitingRecords >= MAX_WAITING_RECORDS || waitingBytes >= MAX_WAITING_BYTES) throw new QueueFull();
    const partitions = heads.partitionsOf(topic);
    const frames = records.map(
      (record): Frame => ({ topic, partition: partitionOf(record.key, partitions), bytes: encodeFrame(record) }),
    );
    const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
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

const late = () => new Error(`it was not sent within ${TURN_MS} ms; PostgreSQL is slow or does not answer`);
