/** Sweeps through rows: one page each turn, from the start again after the last page, each item independently. */

/** Rows of one turn; if a page is full, the next turn comes at once. */
export const pageSize = 100;
/** Fewer than the connections that a sweep shares with the requests of buyers. */
const atOnce = 4;

/** Reads page by page and then from the start again, so that undecided rows do not block the rows after them. */
export function inPages<T>(read: (after?: T) => Promise<T[]>, size = pageSize): () => Promise<T[]> {
  let last: T | undefined;
  return async () => {
    const page = await read(last);
    last = page.length < size ? undefined : page.at(-1);
    return page;
  };
}

/** Turns the number of rows that a turn found into its answer to the loop. */
export function turnOf(found: number, isFull: boolean): boolean | undefined {
  return found === 0 ? false : isFull || undefined;
}

/** A failing item does not stop the others; its error is thrown after all were tried. */
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
