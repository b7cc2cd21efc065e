/** Steps that can be left alone before they end. Nothing is kept of one that ended: a worker runs millions of them. */

export type Leaving = {
  /** The step's answer. @throws once the step is cancelled, or all are left. */
  unlessLeft<T>(step: Promise<T>, cancelled: Promise<never>, name: string): Promise<T>;
  /** Leaves those that are under way, and those that begin later. */
  leaveAll(why: Error): void;
};

export function createLeaving(): Leaving {
  // A promise that lives as long as the worker would keep all that ever waited for it.
  const underWay = new Set<(why: unknown) => void>();
  let leftBecause: Error | undefined;

  return {
    async unlessLeft(step, cancelled, name) {
      const left = Promise.withResolvers<never>();
      function leave(cause: unknown): void {
        // Not rethrown unchanged, because a cancelled step would look like a request of the story.
        left.reject(new Error(`step ${name} was left alone; whether it took effect is unknown`, { cause }));
      }
      cancelled.catch(leave);
      if (leftBecause) leave(leftBecause);
      underWay.add(leave);
      try {
        return await Promise.race([step, left.promise]);
      } finally {
        underWay.delete(leave);
        // It may be cancelled later.
        left.promise.catch(() => {});
      }
    },

    leaveAll(why) {
      leftBecause = why;
      for (const leave of underWay) leave(why);
    },
  };
}
