/** Runs what a transaction leads to once it stands: kept while it runs, and run by its connection after the commit. */
export type AfterCommit = {
  add(follow: () => void): void;
  /** Runs all of them in their order. @throws AfterCommitFailed once all have run, if one of them threw. */
  run(): void;
};

/** The transaction stands; a function that was to run after its commit threw. */
export class AfterCommitFailed extends Error {
  constructor(cause: unknown) {
    super("the transaction is committed, but a function that follows its commit failed", { cause });
    this.name = "AfterCommitFailed";
  }
}

export function createAfterCommit(): AfterCommit {
  const follows: (() => void)[] = [];
  return {
    add: (follow) => void follows.push(follow),
    run() {
      const faults: unknown[] = [];
      for (const follow of follows) {
        try {
          follow();
        } catch (error) {
          faults.push(error);
        }
      }
      if (faults.length > 0) throw new AfterCommitFailed(faults.length === 1 ? faults[0] : allOf(faults));
    },
  };
}

function allOf(faults: readonly unknown[]): AggregateError {
  return new AggregateError(faults, `${faults.length} functions failed`);
}
