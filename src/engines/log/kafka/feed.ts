/** Holds what was read of one partition, from its position on, until its consumer takes it. */
import type { StoredRecord } from "../log.ts";

export type Fetched = {
  records: StoredRecord[];
  /** Where the next fetch begins: behind the last record and any control records of Kafka. */
  next: bigint;
};

export type Feed = {
  readonly partition: number;
  readonly incarnation: string;
  /** The offset at which it is read further. */
  readonly next: bigint;
  /** Records that nothing has taken yet. */
  readonly waiting: number;
  isAt(incarnation: string, offset: bigint): boolean;
  /** All that was read, once there is something. @throws what has ended the feed. */
  take(): Promise<Fetched>;
  put(fetched: Fetched): void;
  /** Nothing more is read; a call of `take` that waits fails with `error`. */
  end(error: unknown): void;
};

export function createFeed(partition: number, incarnation: string, from: bigint, onEnd: () => void): Feed {
  let begins = from;
  let next = from;
  let records: StoredRecord[] = [];
  let taker: PromiseWithResolvers<Fetched> | undefined;

  function taken(): Fetched {
    const fetched = { records, next };
    begins = next;
    records = [];
    return fetched;
  }

  return {
    partition,
    incarnation,
    get next() {
      return next;
    },
    get waiting() {
      return records.length;
    },
    isAt: (id, offset) => id === incarnation && offset === begins,
    async take() {
      if (next > begins) return taken();
      taker = Promise.withResolvers();
      return taker.promise;
    },
    put(fetched) {
      records = records.length === 0 ? fetched.records : [...records, ...fetched.records];
      next = fetched.next;
      if (!taker) return;
      taker.resolve(taken());
      taker = undefined;
    },
    end(error) {
      onEnd();
      taker?.reject(error);
      taker = undefined;
    },
  };
}
