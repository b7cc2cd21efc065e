/** Consumes one partition while this member holds it: reads and hands over one batch after another. */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import type { Log } from "#platform/log";
import type { ConsumeOptions, StoredRecord } from "../log.ts";
import { beginningOf, isNews, type Position } from "../position.ts";
import { isPassing, kafkaBackoff } from "./errors.ts";
import { type Fetcher, isGone } from "./fetch.ts";
import type { Mark } from "./offsets.ts";

export type PartitionConsumer = {
  /** Hands over nothing more. Resolves when no batch is in hand. */
  stop(): Promise<void>;
};

export type PartitionConsumerOptions = ConsumeOptions & {
  partition: number;
  /** The group's committed offset; undefined if there is none. */
  start: Mark | undefined;
  /** A batch of a former membership whose handler still runs. */
  before: Promise<void> | undefined;
  fetcher: Fetcher;
  handled(partition: number, mark: Mark): void;
  log: Log;
};

/** About a second of failures, while a leader moves. */
const calmFailures = 5;

export function startPartitionConsumer(options: PartitionConsumerOptions): PartitionConsumer {
  const { topic, partition, group, fetcher, maxRecords, handle, startAt, handled, log } = options;
  const stopping = new AbortController();
  /** How far the group has come, as far as this consumer knows. */
  let known: Position | undefined = options.start;
  /** The position of the next batch; undefined until the start is known. */
  let at: Position | undefined;
  /** Read and not handed over yet: all from `at` to `next`. */
  let ahead: { records: StoredRecord[]; next: bigint } | undefined;

  async function run(): Promise<void> {
    let failures = 0;
    await options.before;
    while (!stopping.signal.aborted) {
      try {
        if (!at) await begin();
        else if (!ahead) await readAhead(at);
        else await handOver(at, ahead);
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) break;
        failures += 1;
        const pauseMs = pauseAfter(failures, kafkaBackoff);
        report(error, failures, pauseMs);
        if (startAt || isGone(error)) beginAgain();
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    fetcher.cut();
  }

  async function begin(): Promise<void> {
    at = await beginningOf(await fetcher.place(), { group, startAt, known, log });
    if (isNews(at, known)) moveTo(at);
  }

  function beginAgain(): void {
    at = undefined;
    ahead = undefined;
  }

  function moveTo(position: Position): void {
    at = position;
    known = position;
    handled(partition, position);
  }

  async function readAhead({ incarnation, next }: Position): Promise<void> {
    ahead = await fetcher.from({ incarnation, offset: next });
  }

  async function handOver({ incarnation, next: from }: Position, read: NonNullable<typeof ahead>): Promise<void> {
    const records = read.records.slice(0, maxRecords);
    const left = read.records.slice(records.length);
    // After the last record the position moves past Kafka's own control records too.
    const next = left.length > 0 ? (records.at(-1) as StoredRecord).offset + 1n : read.next;
    if (records.length > 0 || startAt) await handle({ topic, partition, incarnation, records, from, next });
    ahead = left.length > 0 ? { records: left, next: read.next } : undefined;
    moveTo({ incarnation, next });
  }

  function report(error: unknown, attempt: number, pauseMs: number): void {
    const fields = { group, topic, partition, offset: at?.next ?? known?.next, attempt, pauseMs };
    if (ahead) log.warn("batch failed; it is handed over again", fields, error);
    else if (isPassing(error) && attempt <= calmFailures) log.debug("partition not read yet", fields);
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
