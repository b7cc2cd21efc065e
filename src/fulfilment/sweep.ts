/** How sweeps go through what waits: a page a turn, round and round, and each item for itself. */

/** Rows of one turn; where a page is full, the next turn comes at once. */
export const pageSize = 100;
/** Fewer than the connections that a sweep shares with the requests of buyers. */
const atOnce = 4;

/** Page by page and round again, so that what cannot be decided yet keeps nothing behind it waiting. */
export function inPages<T>(read: (after?: T) => Promise<T[]>): () => Promise<T[]> {
  let last: T | undefined;
  return async () => {
    const page = await read(last);
    last = page.length < pageSize ? undefined : page.at(-1);
    return page;
  };
}

/** One that fails does not keep the others waiting; its fault is thrown when all were tried. */
export async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const faults: unknown[] = [];
  async function takeTurns(): Promise<void> {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await work(item).catch((fault) => faults.push(fault));
    }
  }
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  if (faults.length > 0) throw faults[0];
}
