/**
 * Keeps two rebuilds of one product apart: only the one that closed it last can open it. So that one goes on, and the
 * others wait for it until its closing is so old that its process must have died.
 * docs/adr/0011-rebuild-opens-its-own-closing.md.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "#engines/sql";
import { pauseAfter, randomPauseAfter } from "#platform/backoff";
import type { Gate } from "../gate/gate.ts";

const lookEveryMs = 200;
/** Longer with each try, so that a rebuild with a long drain is not interrupted again and again. */
const backoff = { firstMs: 1_000, longestMs: 8_000 };

/**
 * How old another rebuild's closing may get, milliseconds. Random, so that two processes do not give up at the same
 * moment.
 */
export function patience(tries: number): number {
  return pauseAfter(tries, backoff) + randomPauseAfter(tries, backoff);
}

/** The products that another rebuild has closed since. */
export async function takenOver(gate: Gate, own: ReadonlyMap<string, string>): Promise<Set<string>> {
  const snapshots = await gate.snapshot([...own.keys()]);
  const others = snapshots.filter(({ productId, closing }) => closing !== own.get(productId));
  return new Set(others.map(({ productId }) => productId));
}

export type Due = {
  /** To be rebuilt now. */
  due: string[];
  /** Closed by other rebuilds, which get more time; with the names of the own closings, in the same order. */
  waiting: Map<string, string>;
};

/**
 * Resolves once all products are open, or some must be rebuilt here: at once if the own closing is the last one,
 * otherwise when nothing has changed for `patienceMs`. That is counted in looks and not by the clock: a process that
 * stood still must not take another one for dead.
 */
export async function untilDue(
  { sql, gate }: { sql: Sql; gate: Gate },
  own: ReadonlyMap<string, string>,
  patienceMs: number,
): Promise<Due> {
  let seen = "";
  let quietLooks = 0;
  for (;;) {
    const closings = await closingsOf({ sql, gate }, [...own.keys()]);
    const lastClosedHere = [...closings].filter(([productId, closing]) => closing === own.get(productId));
    const now = JSON.stringify([...closings]);
    quietLooks = now === seen ? quietLooks + 1 : 0;
    seen = now;
    const isOverdue = quietLooks * lookEveryMs >= patienceMs;
    if (closings.size === 0 || lastClosedHere.length > 0 || isOverdue) {
      const due = new Set(isOverdue ? closings.keys() : lastClosedHere.map(([productId]) => productId));
      const waiting = [...own].filter(([productId]) => closings.has(productId) && !due.has(productId));
      return { due: [...due], waiting: new Map(waiting) };
    }
    await sleep(lookEveryMs);
  }
}

/** The last closing of each product that does not sell in the books' epoch; undefined if the gate has none. */
async function closingsOf(
  { sql, gate }: { sql: Sql; gate: Gate },
  productIds: readonly string[],
): Promise<Map<string, string | undefined>> {
  const standing = new Map((await gate.snapshot(productIds)).map((snapshot) => [snapshot.productId, snapshot]));
  const closings = new Map<string, string | undefined>();
  for (const [productId, epoch] of await epochsOf(sql, productIds)) {
    const snapshot = standing.get(productId);
    if (!snapshot?.open || snapshot.epoch !== epoch) closings.set(productId, snapshot?.closing);
  }
  return closings;
}

export async function epochsOf(sql: Sql, productIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.query<{ productId: string; epoch: number }>(
    `select product_id as "productId", epoch from inventory.stock where product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map((row) => [row.productId, row.epoch]));
}
