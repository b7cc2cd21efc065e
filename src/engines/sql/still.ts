/**
 * Tells loops whether there can be anything new in a database, by one short question for all of them. While the set of
 * transactions that statements see is the same, a statement that reads only tables finds the same rows, whichever
 * process asks (docs/adr/0086-loops-rest-while-nothing-is-written.md).
 */
import { elapsedMs } from "#platform/clock";
import type { Queryable, Still } from "./sql.ts";

const keptMs = 250;

export function createStill(sql: Queryable, elapsed: () => number = elapsedMs): Still {
  let kept: Promise<string> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  /** Signs of life without another transaction between them, by the numbers of the first and of the last. */
  let signs = { first: 0n, last: 0n };

  async function read(): Promise<string> {
    const [row] = await sql.query<{ seen: string }>("select pg_current_snapshot()::text as seen");
    const [, oldest, next, underWay] = /^(\d+):(\d+):(.*)$/.exec(row?.seen ?? "") ?? [];
    if (next === undefined) throw new Error(`PostgreSQL names its snapshot ${row?.seen}, which is not known here`);
    // A transaction that is under way may end without a change of `next`, so then the whole text counts.
    if (oldest !== next || underWay !== "") return row?.seen ?? "";
    return String(BigInt(next) - 1n === signs.last ? signs.first : next);
  }

  return {
    mark() {
      const nowMs = elapsed();
      if (kept && nowMs - askedAtMs < keptMs) return kept;
      askedAtMs = nowMs;
      kept = read();
      return kept;
    },
    passOver(transaction) {
      if (transaction === undefined) return;
      const number = BigInt(transaction);
      signs = { first: number === signs.last + 1n ? signs.first : number, last: number };
    },
  };
}
