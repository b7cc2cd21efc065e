/** One partition while this member holds it: read, hand over, commit, one batch after another. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import { isRefusal, pauseAfter } from "./kafka-errors.ts";
import { type Fetcher, isOutOfRange } from "./kafka-fetch.ts";
import type { Batch, StoredRecord } from "./log.ts";

export type Lane = {
  /** Hands over nothing more. Resolves when the batch in hand is handled and committed, or given up. */
  stop(): Promise<void>;
  /** The seat is lost: stops, and commits nothing more. */
  drop(): Promise<void>;
};

export type LaneOptions = {
  topic: string;
  partition: number;
  group: string;
  /** The committed offset; undefined where there is none. */
  start: bigint | undefined;
  /** A batch of a former seat that is still in hand. */
  before: Promise<void> | undefined;
  fetcher: Fetcher;
  maxRecords: number;
  handle(batch: Batch): Promise<void>;
  commit(partition: number, next: bigint): Promise<void>;
  log: Log;
};

/** When everything stops, Kafka may be the first that did. */
const LAST_COMMIT_MS = 5_000;

export function startLane(options: LaneOptions): Lane {
  const { topic, partition, group, fetcher, maxRecords, handle, commit, log } = options;
  let next = options.start;
  let ahead: StoredRecord[] = [];
  const stopping = new AbortController();
  let dropped = false;

  async function run(): Promise<void> {
    let failures = 0;
    await options.before;
    while (!stopping.signal.aborted) {
      try {
        if (ahead.length === 0) await readAhead();
        else await handOver();
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) break;
        const pauseMs = pauseAfter(failures++);
        const fields = { group, topic, partition, offset: ahead[0]?.offset ?? next, attempt: failures, pauseMs };
        log.warn(ahead.length > 0 ? "batch failed; it is handed over again" : "partition not read", fields, error);
        await pause(pauseMs);
      }
    }
    fetcher.cut();
  }

  async function readAhead(): Promise<void> {
    next ??= await fetcher.earliest();
    try {
      ({ records: ahead, next } = await fetcher.from(next));
    } catch (error) {
      if (isOutOfRange(error)) next = undefined;
      throw error;
    }
  }

  async function handOver(): Promise<void> {
    const records = ahead.slice(0, maxRecords);
    await handle({ topic, partition, records });
    await commitAfter(records.at(-1) as StoredRecord);
    ahead = ahead.slice(records.length);
  }

  /** What is handled is not handed over again for a commit that did not get through: the commit is repeated. */
  async function commitAfter({ offset }: StoredRecord): Promise<void> {
    let giveUpAt = Number.POSITIVE_INFINITY;
    for (let failures = 0; !dropped; failures++) {
      try {
        return await commit(partition, offset + 1n);
      } catch (error) {
        if (isRefusal(error, ...fenced)) return void drop();
        log.warn("commit failed; it is repeated", { group, topic, partition, offset, attempt: failures + 1 }, error);
        if (stopping.signal.aborted) giveUpAt = Math.min(giveUpAt, performance.now() + LAST_COMMIT_MS);
        if (performance.now() > giveUpAt) return;
        await sleep(pauseAfter(failures));
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  function stop(): Promise<void> {
    stopping.abort();
    fetcher.cut();
    return running;
  }

  function drop(): Promise<void> {
    dropped = true;
    return stop();
  }

  const running = run();
  return { stop, drop };
}

/** Another member may hold the partition by now. */
const fenced = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"];
