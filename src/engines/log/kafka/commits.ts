/**
 * Commits the offsets of one membership. The first goes at once; those of the next moment go together, the newest of each
 * partition. The handlers do not wait for that. A process that is killed meanwhile leaves a few more batches that come
 * again, as every consumer must tolerate.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pauseAfter } from "#platform/backoff";
import { elapsedMs } from "#platform/clock";
import type { Log, LogFields } from "#platform/log";
import { isRefusal, kafkaBackoff } from "./errors.ts";
import type { Mark } from "./offsets.ts";

export type Commits = {
  note(partition: number, mark: Mark): void;
  /** Resolves when all that was noted is committed, or after `withinMs` of failures: Kafka may be gone. */
  settle(withinMs: number): Promise<void>;
  /** Commits nothing more. */
  drop(): void;
};

export type CommitsOptions = {
  send(marks: ReadonlyMap<number, Mark>): Promise<void>;
  /** The membership is lost: other members may hold its partitions by now. */
  onFenced(): void;
  /** The pause after a commit; not less than `leastGatherMs`. */
  gatherMs: number;
  log: Log;
  fields: LogFields;
};

/** Kafka's view of the lag is behind by so much. Each commit is a request for all partitions of the topic. */
const leastGatherMs = 20;

export function createCommits({ send, onFenced, gatherMs, log, fields }: CommitsOptions): Commits {
  let noted = new Map<number, Mark>();
  let sending: Promise<void> | undefined;
  let giveUpAt = Number.POSITIVE_INFINITY;
  const settling = new AbortController();
  let dropped = false;

  async function sendAll(): Promise<void> {
    let failures = 0;
    while (noted.size > 0 && !dropped) {
      const marks = noted;
      noted = new Map();
      try {
        await send(marks);
        failures = 0;
        await sleep(Math.max(gatherMs, leastGatherMs), undefined, { signal: settling.signal }).catch(() => {});
      } catch (error) {
        if (isRefusal(error, ...fenced)) {
          dropped = true;
          onFenced();
          break;
        }
        noted = new Map([...marks, ...noted]);
        failures += 1;
        const pauseMs = pauseAfter(failures, kafkaBackoff);
        log.warn("commit failed; it is repeated", { ...fields, attempt: failures, pauseMs }, error);
        if (elapsedMs() + pauseMs > giveUpAt) break;
        await sleep(pauseMs);
      }
    }
    sending = undefined;
  }

  return {
    note(partition, mark) {
      if (dropped) return;
      noted.set(partition, mark);
      sending ??= sendAll();
    },
    async settle(withinMs) {
      giveUpAt = elapsedMs() + withinMs;
      settling.abort();
      await sending;
    },
    drop() {
      dropped = true;
      settling.abort();
    },
  };
}

const fenced = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"];
