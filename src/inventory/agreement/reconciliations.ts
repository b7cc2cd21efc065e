/** Keeps the results of reconciling in the books, so that neither a restart nor another process clears an alert. */
import type { Sql } from "#engines/sql";
import type { ReconcileStatus } from "../wire.ts";
import type { Reconciliation } from "./control.ts";

export type Reconciliations = {
  /** The number of products by status in the latest one, and when it ended; of all processes, once it was recalled. */
  latest(): { products: Record<ReconcileStatus, number>; endedMs: number } | undefined;
  /** Reads the latest one from the books. */
  recall(): Promise<void>;
  /** Notes one that the schedule has entered in the books already. */
  note(report: Reconciliation): void;
  /** Notes one that an operator asked for, and enters it in the books if its result is new or the last entry is old. */
  keep(report: Reconciliation): Promise<void>;
};

/** An operator who reconciles every second must not fill the books with the same result. */
const keepSameEveryMs = 60_000;

export function createReconciliations({ sql, now }: { sql: Sql; now(): number }): Reconciliations {
  let latest: ReturnType<Reconciliations["latest"]>;
  let keptMs = Number.NEGATIVE_INFINITY;
  /** A result from the future is from before the clock was set back, and stands for no later one. */
  const isFromNow = (endedMs: number) => endedMs <= now() + 60_000;

  function note(report: Reconciliation): void {
    latest = { products: countsOf(report), endedMs: now() };
  }

  async function recall(): Promise<void> {
    const [row] = await sql.query<{ ended: Date; ok: number; warning: number; critical: number }>(
      `select ended_at as ended, products_ok as ok, products_warning as warning, products_critical as critical
         from inventory.reconciliation where status is not null and ended_at <= $1::timestamptz + interval '1 minute'
        order by ended_at desc limit 1`,
      [new Date(now())],
    );
    const knownMs = latest && isFromNow(latest.endedMs) ? latest.endedMs : 0;
    if (!row || row.ended.getTime() <= knownMs) return;
    const products = { OK: row.ok, WARNING: row.warning, CRITICAL: row.critical };
    latest = { products, endedMs: row.ended.getTime() };
  }

  return {
    latest: () => latest,
    note,
    recall,

    async keep(report) {
      // What another process found since is what its alert says, so a result that differs from it is new.
      await recall();
      const isNew = JSON.stringify(countsOf(report)) !== JSON.stringify(latest?.products);
      note(report);
      if (report.products.length === 0 || (!isNew && isFromNow(keptMs) && now() - keptMs < keepSameEveryMs)) return;
      keptMs = now();
      const { OK, WARNING, CRITICAL } = countsOf(report);
      await sql.query(
        `insert into inventory.reconciliation
           (begun_at, ended_at, status, products_ok, products_warning, products_critical)
         values ($1, $1, $2, $3, $4, $5) on conflict do nothing`,
        [new Date(keptMs), report.status, OK, WARNING, CRITICAL],
      );
    },
  };
}

export function countsOf({ products }: Reconciliation): Record<ReconcileStatus, number> {
  const counts = { OK: 0, WARNING: 0, CRITICAL: 0 };
  for (const { status } of products) counts[status] += 1;
  return counts;
}
