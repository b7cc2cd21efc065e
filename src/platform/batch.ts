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
  /**
   * One item may have caused the error of a batch: then each runs again, alone, and gets its own answer or error. The next
   * batch does not wait for them.
   */
  mayBeOnesFault?(error: unknown): boolean;
  /** Each batch waits for this before it is put together. */
  turn?(): Promise<void> | undefined;
};

export class QueueFull extends Error {
  constructor() {
    super("too many requests wait already");
    this.name = "QueueFull";
  }
}

type Waiter<In, Out> = { item: In; resolve(out: Out): void; reject(error: unknown): void };

export function createBatcher<In, Out>(options: BatcherOptions<In, Out>): Batcher<In, Out> {
  const { maxBatch, maxWaiting, run, mayBeOnesFault = () => false, turn } = options;
  const queue: Waiter<In, Out>[] = [];
  const alone = new Set<Promise<void>>();
  let flushing: Promise<void> | undefined;

  async function flushAll(): Promise<void> {
    // One turn of the microtask queue, so that all callers that woke together join the first batch.
    await Promise.resolve();
    while (queue.length > 0) {
      await turn?.();
      const batch = queue.splice(0, maxBatch);
      await answer(batch, (error) => {
        const isShared = batch.length === 1 || !mayBeOnesFault(error);
        for (const waiter of batch) isShared ? waiter.reject(error) : runAlone(waiter);
      });
    }
    flushing = undefined;
  }

  async function answer(batch: readonly Waiter<In, Out>[], onError: (error: unknown) => void): Promise<void> {
    try {
      const answers = await run(batch.map((waiter) => waiter.item));
      batch.forEach((waiter, i) => {
        waiter.resolve(answers[i] as Out);
      });
    } catch (error) {
      onError(error);
    }
  }

  function runAlone(waiter: Waiter<In, Out>): void {
    const running = answer([waiter], waiter.reject).finally(() => alone.delete(running));
    alone.add(running);
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
      while (flushing || alone.size > 0) await Promise.all([flushing, ...alone]);
    },
  };
}
