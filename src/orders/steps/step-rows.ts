/** Takes steps of orders in their rows: each compares before it sets, and takes as many orders as are asked for. */
import type { Tx } from "#engines/sql";
import { columns, type Order, type TimelineEntry } from "../books/order-rows.ts";
import { openStatuses, type Step, transition, undecidedReason } from "../state.ts";

/** An order whose step is to be taken; `dueAt`: only if that is its deadline still. */
export type Asked = { orderId: string; dueAt?: Date | null };

export type StepNote = {
  reason: string | null;
  /** The run of the workflow engine that takes the step, if one does. */
  run?: string | null;
};

/** For rows that another session has locked: to wait for them, or to leave them out. */
export type Locked = "wait" | "leave out";

/**
 * Takes the step of those orders that are in the state in which it starts, and returns them changed. Their rows are
 * locked in the order of their ids, so that two batches with the same orders wait for each other only one way.
 */
export async function takeSteps(
  tx: Tx,
  asked: readonly Asked[],
  step: Step,
  { reason, run = null }: StepNote,
  at: Date,
  locked: Locked = "wait",
): Promise<Order[]> {
  const { from, to, whileUndecided = false } = transition(step);
  const waiting = locked === "wait" ? "" : " skip locked";
  const entry: TimelineEntry = { status: to, at: at.toISOString(), ...(reason && { reason }) };
  const table = from.every((status) => openStatuses.includes(status)) ? "orders.recent" : "orders.orders";
  return tx.query<Order>(
    // Only ended orders are past ones, so the steps of open ones need not look there.
    `with asked as (select * from unnest($1::uuid[], $2::timestamptz[]) as a (id, due_at)),
          locked as (select order_id as id from ${table} where order_id = any($1::uuid[])
                      order by order_id for no key update${waiting})
     update ${table} set status = $3, reason = coalesce($4, reason), timeline = timeline || $5::jsonb,
            run = coalesce($9, run)
       from asked join locked using (id)
      where order_id = asked.id and status = any($6::text[]) and (reason is not distinct from $7) = $8
        and (due_at is null or pay_by = due_at)
      returning ${columns}`,
    [
      asked.map(({ orderId }) => orderId),
      asked.map(({ dueAt }) => dueAt ?? null),
      to,
      reason,
      JSON.stringify([entry]),
      from,
      undecidedReason,
      whileUndecided,
      run,
    ],
  );
}
