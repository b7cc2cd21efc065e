/**
 * Asks one broker for the records of all feeds that it leads, again and again, while there are any. A feed is read ahead
 * of its consumer, so that a handler at work does not take its partition out of the request.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Feed, Fetched } from "./feed.ts";
import type { Link } from "./link.ts";

export type LongPoll = {
  add(feed: Feed): void;
  remove(feed: Feed): void;
};

export type LongPollOptions = {
  connect(): Promise<Link>;
  /** Waits for a record for at most `waitMs`; answers in the order of the feeds. */
  read(link: Link, feeds: readonly Feed[], waitMs: number): Promise<readonly (Fetched | { error: unknown })[]>;
  /** Every partition of the member has a feed, here or at another broker. */
  areAllRead(): boolean;
  maxRecords: number;
  /** The pause after an answer with records that is not full; not less than `leastGatherMs`. */
  gatherMs: number;
  onFault(): void;
};

/**
 * A record ends the wait at once. Each answer without one doubles it, because a shop has dozens of partitions and most of
 * them are at rest.
 */
const firstWaitMs = 500;
const longestWaitMs = 8_000;
/**
 * A steady flow of records comes in fewer and larger answers, and the batches that its consumers make of them are larger
 * too: docs/adr/0089-fewer-and-larger-runs.md. The first record after a pause does not wait.
 */
const leastGatherMs = 15;
/** While a partition is left out it must not wait long to come back. */
const partialWaitMs = 50;

export function createLongPoll(options: LongPollOptions): LongPoll {
  const { connect, read, areAllRead, maxRecords, gatherMs, onFault } = options;
  let feeds: Feed[] = [];
  let running = false;
  let link: Link | undefined;
  let waitMs = firstWaitMs;
  /** The request under way may take as long as `longestWaitMs`. */
  let isLong = false;
  /** It was ended here, so its failure is none of Kafka's. */
  let isCut = false;
  /** Ends the present rest. */
  let resting = new AbortController();

  async function run(): Promise<void> {
    running = true;
    // All partitions that begin in this turn join the first request.
    await Promise.resolve();
    while (feeds.length > 0) {
      try {
        isCut = false;
        if (!link || link.broken) link = await connect();
        const most = await readOnce(link);
        if (most > 0 && most < maxRecords) await rest(Math.max(gatherMs, leastGatherMs));
      } catch (error) {
        if (isCut) continue;
        onFault();
        for (const feed of feeds) feed.end(error);
      }
    }
    running = false;
    link?.cut();
    link = undefined;
  }

  /** Returns the most records of one feed; 1 if only a position has moved. */
  async function readOnce(link: Link): Promise<number> {
    const asked = feeds.filter(({ waiting }) => waiting < maxRecords);
    if (asked.length === 0) {
      await rest(partialWaitMs);
      return 0;
    }
    isLong = asked.length === feeds.length && areAllRead();
    const reading = read(link, asked, isLong ? waitMs : partialWaitMs);
    const answers = await reading.finally(() => {
      isLong = false;
    });
    const most = hand(asked, answers);
    waitMs = most > 0 ? firstWaitMs : Math.min(2 * waitMs, longestWaitMs);
    // Kafka fills its answer in the order of the request.
    const [first, ...others] = feeds;
    if (first) feeds = [...others, first];
    return most;
  }

  function hand(asked: readonly Feed[], answers: readonly (Fetched | { error: unknown })[]): number {
    let most = 0;
    for (const [i, answer] of answers.entries()) {
      const feed = asked[i] as Feed;
      if (!feeds.includes(feed)) continue;
      if ("error" in answer) {
        onFault();
        feed.end(answer.error);
      } else if (answer.next > feed.next) {
        feed.put(answer);
        most = Math.max(most, answer.records.length, 1);
      }
    }
    return most;
  }

  function rest(ms: number): Promise<void> {
    resting = new AbortController();
    return sleep(ms, undefined, { signal: resting.signal }).catch(() => {});
  }

  function cut(): void {
    isCut = true;
    resting.abort();
    link?.cut();
  }

  return {
    add(feed) {
      feeds = [...feeds, feed];
      // It would have to wait until another partition has a record.
      if (isLong) cut();
      resting.abort();
      if (!running) void run();
    },
    remove(feed) {
      feeds = feeds.filter((other) => other !== feed);
      if (feeds.length === 0) cut();
    },
  };
}
