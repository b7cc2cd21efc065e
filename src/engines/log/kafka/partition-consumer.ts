/** One partition while this member holds it: read and hand over, one batch after another. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import type { Batch, StoredRecord } from "../log.ts";
import { isPassing, pauseAfter } from "./errors.ts";
import { type Fetcher, isOutOfRange } from "./fetch.ts";

export type Lane = {
  /** Hands over nothing more. Resolves when no batch is in hand. */
  stop(): Promise<void>;
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
  handled(partition: number, next: bigint): void;
  log: Log;
};

/** About a second of them, while a leader moves. */
const CALM_FAILURES = 5;

export function startLane(options: LaneOptions): Lane {
  const { topic, partition, group, fetcher, maxRecords, handle, handled, log } = options;
  const stopping = new AbortController();
  let next = options.start;
  let ahead: StoredRecord[] = [];

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
        report(error, failures, pauseMs);
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
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
    ahead = ahead.slice(records.length);
    handled(partition, (records.at(-1) as StoredRecord).offset + 1n);
  }

  function report(error: unknown, attempt: number, pauseMs: number): void {
    const fields = { group, topic, partition, offset: ahead[0]?.offset ?? next, attempt, pauseMs };
    if (ahead.length > 0) log.warn("batch failed; it is handed over again", fields, error);
    else if (isPassing(error) && attempt <= CALM_FAILURES) log.debug("partition not read yet", fields);
    else log.warn("partition not read", fields, error);
  }

  const running = run();
  return {
    stop() {
      stopping.abort();
      fetcher.cut();
      return running;
    },
  };
}
