/** Runs the guide's daily reconciliation: once a day for the whole system, in the first process that is due. */
import type { Sql } from "#engines/sql";
import { type Loop, startLoop } from "#platform/loop";
import type { Reconciliation } from "./control.ts";
import { countsOf } from "./reconciliations.ts";

export type ScheduleOptions = {
  sql: Sql;
  /** The interval between the starts of two, milliseconds. */
  everyMs: number;
  reconcile(): Promise<Reconciliation>;
  now(): number;
  onReconciled(report: Reconciliation): void;
  /** Reads the results of other processes, and of this one before its restart. */
  recall(): Promise<void>;
  onFault(error: unknown): void;
};

const lookEveryMs = 60_000;
/** A run that has not ended after this time died with its process. */
const givenUpAfterMs = 5 * 60_000;

export function startSchedule({ sql, everyMs, reconcile, now, onReconciled, recall, onFault }: ScheduleOptions): Loop {
  return startLoop({
    everyMs: Math.min(lookEveryMs, everyMs),
    async work() {
      await recall();
      const begunAt = await begin(sql, new Date(now()), everyMs);
      if (!begunAt) return;
      const report = await reconcile();
      await end(sql, begunAt, new Date(now()), report);
      onReconciled(report);
    },
    onFault,
  });
}

/**
 * Returns the run for this process; undefined if it is not time, another process runs it, or there is nothing to
 * compare.
 */
async function begin(sql: Sql, at: Date, everyMs: number): Promise<Date | undefined> {
  return sql.transaction(async (tx) => {
    await tx.query("lock table inventory.reconciliation in share row exclusive mode");
    const [run] = await tx.query<{ begunAt: Date }>(
      `insert into inventory.reconciliation (begun_at)
       select $1 where exists (select 1 from inventory.stock) and not exists (
         select 1 from inventory.reconciliation
          where begun_at > $1::timestamptz - $2 * interval '1 millisecond'
            -- One from the future was begun before the clock was set back.
            and begun_at <= $1::timestamptz + interval '1 minute'
            and (status is not null or begun_at > $1::timestamptz - $3 * interval '1 millisecond'))
       returning begun_at as "begunAt"`,
      [at, everyMs, givenUpAfterMs],
    );
    return run?.begunAt;
  });
}

async function end(sql: Sql, begunAt: Date, at: Date, report: Reconciliation): Promise<void> {
  const { OK, WARNING, CRITICAL } = countsOf(report);
  await sql.query(
    `update inventory.reconciliation
        set ended_at = $2, status = $3, products_ok = $4, products_warning = $5, products_critical = $6
      where begun_at = $1`,
    [begunAt, at, report.status, OK, WARNING, CRITICAL],
  );
}
