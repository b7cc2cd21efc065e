/** Runs work, so much of it at once: first come, first served. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** The line has no bound of its own: it is as long as its callers have work that waits, so they have to have one. */
export function createTurns(atOnce: number): Turns {
  const line: (() => void)[] = [];
  let free = atOnce;

  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => line.push(resolve));
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next) next();
      else free += 1;
    }
  };
}
