/**
 * Moves orders that ended long ago out of the table in which orders are settled and confirmed, so that it stays small, and so
 * that a month of them can be detached and archived. Readers find a moved order as before, and a refund may still follow.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "#engines/sql";
import { startLoop } from "#platform/loop";
import { makePartition, monthToMove, moveOrders } from "./past-rows.ts";

export type PastOptions = {
  sql: Sql;
  /** The age at which an order moves; 0: none does. */
  moveAfterMs: number;
  now(): number;
  onFault(what: string, error: unknown): void;
};

const lookEveryMs = 60_000;
/** The pause bounds the load: a shop that has a million old orders at once moves them within an hour or two. */
const ordersAtOnce = 1_000;
const pauseMs = 2_000;

export function createPast({ sql, moveAfterMs, now, onFault }: PastOptions) {
  /** Moves orders of one month. Returns whether more may be left. */
  async function move(): Promise<boolean> {
    const before = new Date(now() - moveAfterMs);
    const month = await monthToMove(sql, before);
    if (month === undefined) return false;
    await sql.transaction((tx) => makePartition(tx, month));
    return (await moveOrders(sql, month, before, ordersAtOnce)) > 0;
  }

  return {
    move,
    /** Any number of processes may do it. */
    start() {
      return startLoop({
        everyMs: lookEveryMs,
        async work() {
          const more = moveAfterMs > 0 && (await move());
          if (more) await sleep(pauseMs);
          return more;
        },
        onFault: (error) => onFault("moving old orders", error),
      });
    },
  };
}
