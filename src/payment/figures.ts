/** Reads the payments that wait for their provider. */
import type { Queryable } from "#engines/sql";

/** The states in which the provider was asked and has not done it yet. */
export const unsettledStates = ["requested", "capturing", "voiding", "refunding"] as const;

/** Payments for which another provider holds money, or owes an answer or an act. */
export async function countHeldElsewhere(sql: Queryable, provider: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int from payment.payment
      where provider <> $1 and state in ('requested', 'authorized', 'capturing', 'voiding', 'refunding')`,
    [provider],
  );
  return row?.count ?? 0;
}

export type UnsettledFigures = { state: (typeof unsettledStates)[number]; payments: number; oldestSeconds: number };

export function readUnsettled(sql: Queryable, nowMs: number): Promise<UnsettledFigures[]> {
  return sql.query<UnsettledFigures>(
    `select state, count(*)::float8 as payments,
            greatest(0, extract(epoch from $1::timestamptz - min(changed_at)))::float8 as "oldestSeconds"
       from payment.payment where state in ('requested', 'capturing', 'voiding', 'refunding') group by state`,
    [new Date(nowMs)],
  );
}
