/** Reads how many orders are not over, what they hold, and how long they wait. */
import type { Queryable } from "#engines/sql";

/**
 * `awaiting_payment`: the buyer may pay. `payment_undecided`: past its end, and the provider decides. `refunding`: the money
 * goes back.
 */
export const sagaSteps = ["awaiting_payment", "payment_undecided", "refunding"] as const;
export type SagaStep = (typeof sagaSteps)[number];

export type StepFigures = {
  step: SagaStep;
  orders: number;
  units: number;
  /** Since the oldest of them was placed, or its refund was asked for. */
  oldestSeconds: number;
  /** Past the end of the hold that ended first; 0 if none has ended. */
  overdueSeconds: number;
};

/** Both branches read a partial index of the orders that are not over. */
export const figuresStatement = `
  select case when status = 'PAYMENT_PENDING' and reason = 'payment_undecided' then 'payment_undecided'
              else 'awaiting_payment' end as step,
         count(*)::float8 as orders, sum(quantity)::float8 as units,
         greatest(0, extract(epoch from $1::timestamptz - min(placed_at)))::float8 as "oldestSeconds",
         greatest(0, extract(epoch from $1::timestamptz - min(pay_by)))::float8 as "overdueSeconds"
    from orders.recent where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') group by 1
  union all
  select 'refunding', count(*)::float8, 0,
         coalesce(greatest(0, extract(epoch from $1::timestamptz - min(asked_at))), 0)::float8, 0
    from orders.refund where done_at is null`;

export function readFigures(sql: Queryable, nowMs: number): Promise<StepFigures[]> {
  return sql.query<StepFigures>(figuresStatement, [new Date(nowMs)]);
}
