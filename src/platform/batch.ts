/**
 * Collects items into batches: while one batch is under way, new items wait and leave together as the next batch. So
 * batches grow with load and need no timer when idle.
 */
export type Batcher<In, Out> = {
  /** @throws QueueFull when `maxWaiting` items wait already; otherwise settles with the item's own answer. */
  add(item: In): Promise<Out>;
  readonly waiting: number;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
};

export type BatcherOptions<In, Out> = {
  maxBatch: number;
  maxWaiting: number;
  /** Returns answers in the order of the items. An error that it throws goes to every item of the batch. */
  run(items: In[]): Promise<readonly Out[]>;
};

export class QueueFull extends Error {
  constructor() {
    super("too many requests wait already");
    this.name = "QueueFull";
  }
}

type Waiter<In, Out> = { item: In; resolve(out: Out): void; reject(error: unknown): void };

export function createBatcher<In, Out>({ maxBatch, maxWaiting, run }: BatcherOptions<In, Out>): Batcher<In, Out> {
  const queue: Waiter<In, Out>[] = [];
  let flushing: Promise<void> | undefined;

  async function flushAll(): Promise<void> {
    // One turn of the microtask queue, so that all callers that woke together join the first batch.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      try {
        const answers = await run(batch.map((waiter) => waiter.item));
        batch.forEach((waiter, i) => {
          waiter.resolve(answers[i] as Out);
        });
      } catch (error) {
        for (const waiter of batch) waiter.reject(error);
      }
    }
    flushing = undefined;
  }

  return {
    add(item) {
      if (queue.length >= maxWaiting) return Promise.reject(new QueueFull());
      return new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        flushing ??= flushAll();
      });
    },
    get waiting() {
      return queue.length;
    },
    async idle() {
      while (flushing) await flushing;
    },
  };
}
