/**
 * Bounds the queue of appends before either log. While a request is under way, the next appends of all topics wait
 * here, and leave together when it returns.
 */
import { createBatcher, QueueFull } from "#platform/batch";
import { elapsedMs } from "#platform/clock";
import { afterAnswers } from "#platform/deadline";
import { UnknownTopic } from "./append-failed.ts";
import { AppendFailed, type NewRecord } from "./log.ts";

export type Appender = {
  /** Waits at most about 1 s for its turn and 2 s for its answer. @throws AppendFailed */
  append(topic: string, records: readonly NewRecord[]): Promise<void>;
  /** Refuses what comes from now on and waits for what was taken. */
  close(): Promise<void>;
};

export type Append<Item> = { topic: string; items: readonly Item[] };
export type Failures<Item> = ReadonlyMap<Append<Item>, AppendFailed>;

export type AppendQueueOptions<Item> = {
  /** For messages: the server whose answer the queue waits for. */
  server: string;
  /** Makes one item a record. It may throw, and the append fails unsent. */
  encode(topic: string, records: readonly NewRecord[]): Item[];
  bytesOf(item: Item): number;
  /** Answers the appends that failed. It does not throw. */
  send(appends: readonly Append<Item>[]): Promise<Failures<Item>>;
};

const recordsAtMost = 20_000;
const bytesAtMost = 64 * 1024 * 1024;
const appendsAtOnce = 4_096;
/**
 * An append that waited longer fails unsent, so its caller can undo it; unless the server answered in time, and this
 * process stood still before it read the answer.
 */
const turnMs = 1_000;

type Waiting<Item> = Append<Item> & { bytes: number; sinceMs: number };

export function createAppendQueue<Item>(options: AppendQueueOptions<Item>): Appender {
  const { server, encode, bytesOf, send } = options;
  let waitingRecords = 0;
  let waitingBytes = 0;
  let closed = false;
  let isSlow = false;
  const batcher = createBatcher<Waiting<Item>, AppendFailed | undefined>({
    maxBatch: appendsAtOnce,
    maxWaiting: recordsAtMost,
    run: flush,
  });

  async function flush(appends: Waiting<Item>[]): Promise<(AppendFailed | undefined)[]> {
    for (const append of appends) {
      waitingRecords -= append.items.length;
      waitingBytes -= append.bytes;
    }
    const oldestMs = isSlow ? elapsedMs() - turnMs : Number.NEGATIVE_INFINITY;
    const inTime = appends.filter(({ sinceMs }) => sinceMs >= oldestMs);
    isSlow = false;
    const callOff = afterAnswers(turnMs, () => {
      isSlow = true;
    });
    const failures = inTime.length > 0 ? await send(inTime) : undefined;
    callOff();
    return appends.map((append) =>
      append.sinceMs < oldestMs ? new AppendFailed(append.topic, false, late(server)) : failures?.get(append),
    );
  }

  function take(topic: string, records: readonly NewRecord[]): Waiting<Item> {
    if (closed) throw new Error("the event log is closed");
    if (waitingRecords >= recordsAtMost || waitingBytes >= bytesAtMost) throw new QueueFull();
    const items = encode(topic, records);
    const bytes = items.reduce((sum, item) => sum + bytesOf(item), 0);
    return { topic, items, bytes, sinceMs: elapsedMs() };
  }

  return {
    async append(topic, records) {
      if (records.length === 0) return;
      let append: Waiting<Item>;
      try {
        append = take(topic, records);
      } catch (error) {
        throw new AppendFailed(topic, false, error, error instanceof UnknownTopic);
      }
      waitingRecords += append.items.length;
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

function late(server: string): Error {
  return new Error(`it was not sent within ${turnMs} ms; ${server} is slow or does not answer`);
}
