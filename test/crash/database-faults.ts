/** Faults of PostgreSQL while it answers: a failover that leaves read-only sessions behind, an operator's lock. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "#engines/sql";
import type { RealStage } from "./real-stage.ts";

type Fault = (stage: RealStage, probe: () => void) => Promise<void>;

const readOnlyMs = 4_000;
/** Shorter than the payment window. */
const lockedMs = 3_000;

/** Sessions opened meanwhile stay read-only, as they do behind the name of a server that was promoted. */
export const takesNoWrites: Fault = async ({ useSql }, probe) => {
  await useSql((sql) => alterDatabase(sql, "set default_transaction_read_only = on"));
  await useSql((sql) =>
    sql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    ),
  );
  await sleep(readOnlyMs);
  await useSql((sql) => alterDatabase(sql, "reset all"));
  probe();
};

export const paymentTablesLocked: Fault = async ({ useSql }, probe) => {
  await useSql((sql) =>
    sql.transaction(async (tx) => {
      await tx.query("lock table payment.intent, payment.payment in access exclusive mode");
      await sleep(lockedMs);
    }),
  );
  probe();
};

async function alterDatabase(sql: Sql, change: "set default_transaction_read_only = on" | "reset all"): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query("set transaction read write");
    await tx.query(`do $$ begin execute format('alter database %I ${change}', current_database()); end $$`);
  });
}
