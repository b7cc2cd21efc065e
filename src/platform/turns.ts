/** Runs a limited amount of work at once, in the order in which it came. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** The queue has no bound of its own: its callers must bound their work. */
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
