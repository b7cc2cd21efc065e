/**
 * Tells when an append to the log returns. The reservations of the next batch wait for it and go to the gate in one write
 * with the marks of this one, so that batches are as large as the log's and a gate on a server is asked half as often.
 */

export type UnderWay = {
  /** Counts an append from its beginning to its end. */
  during<T>(append: Promise<T>): Promise<T>;
  /** Resolves when an append returns, or after a while; undefined if none is under way. */
  returned(): Promise<void> | undefined;
};

/** A log that hangs must not keep refusals and repeats from their answers for longer, milliseconds. */
const waitAtMostMs = 4;

export function createUnderWay(longestMs = waitAtMostMs): UnderWay {
  let appends = 0;
  let next: { promise: Promise<void>; resolve(): void; timer: NodeJS.Timeout } | undefined;

  function release(): void {
    if (!next) return;
    clearTimeout(next.timer);
    next.resolve();
    next = undefined;
  }

  return {
    async during(append) {
      appends += 1;
      try {
        return await append;
      } finally {
        appends -= 1;
        release();
      }
    },

    returned() {
      if (appends === 0) return undefined;
      next ??= { ...Promise.withResolvers<void>(), timer: setTimeout(release, longestMs) };
      return next.promise;
    },
  };
}
