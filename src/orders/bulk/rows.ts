/** Reads and writes the plans of bulk acts. A plan names its orders one by one, so a run touches no other order (K4). */
import type { Queryable, Tx } from "#engines/sql";
import { largestSum } from "../books/order-rows.ts";
import { filterValues, matchesFilter, type OrderFilter } from "../books/search.ts";
import type { Status } from "../state.ts";
import { restMinor } from "../steps/refunds.ts";

export type BulkAction = "cancel" | "refund";

/** `free`: of these, the orders that cost nothing; a plan of an earlier version does not have it. */
export type Amount = { currency: string; count: number; free?: number; amount: number };

export type NewPlan = {
  planId: string;
  action: BulkAction;
  reason: string;
  restock: boolean;
  filter: object;
  actor: string;
  previewedAt: Date;
  expiresAt: Date;
};

export type Plan = NewPlan & {
  amounts: Amount[];
  startedBy: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
};

export type Item = {
  position: number;
  orderId: string;
  totalMinor: number;
  currency: string;
  outcome: "changed" | "unchanged" | null;
  status: string | null;
  at: Date | null;
};

const planColumns = `plan_id as "planId", action, reason, restock, filter, actor, amounts, previewed_at as "previewedAt",
  expires_at as "expiresAt", started_by as "startedBy", started_at as "startedAt", finished_at as "finishedAt"`;
const itemColumns = `position, order_id as "orderId", total_minor as "totalMinor", currency, outcome, status, at`;

export async function insertPlan(tx: Tx, plan: NewPlan): Promise<void> {
  await tx.query(
    `insert into orders.bulk_plan (plan_id, action, reason, restock, filter, actor, amounts, previewed_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, '[]', $7, $8)`,
    [
      plan.planId,
      plan.action,
      plan.reason,
      plan.restock,
      JSON.stringify(plan.filter),
      plan.actor,
      plan.previewedAt,
      plan.expiresAt,
    ],
  );
}

/** Adds the orders that match the filter and have one of these statuses, oldest first. */
export async function insertItems(
  tx: Tx,
  planId: string,
  filter: OrderFilter,
  statuses: readonly Status[],
  limit: number,
): Promise<void> {
  await tx.query(
    `insert into orders.bulk_item (plan_id, position, order_id, total_minor, currency)
     select $9, row_number() over (order by placed_at, order_id), order_id, unit_price_minor * quantity, currency
       from (select * from orders.orders where ${matchesFilter} and status = any($10::text[])
              order by placed_at, order_id limit $11) found`,
    [...filterValues(filter), planId, statuses, limit],
  );
}

/** Writes and returns what the plan's orders come to, by currency, without what went back of them before. */
export async function sumUp(tx: Tx, planId: string): Promise<Amount[]> {
  const amounts = await tx.query<Amount>(
    `select currency, count(*)::integer as count, (count(*) filter (where unit_price_minor = 0))::integer as free,
            least(sum(${restMinor}), ${largestSum})::bigint as amount
       from orders.orders where order_id in (select order_id from orders.bulk_item where plan_id = $1)
      group by currency order by currency`,
    [planId],
  );
  await tx.query("update orders.bulk_plan set amounts = $2 where plan_id = $1", [planId, JSON.stringify(amounts)]);
  return amounts;
}

export async function readPlan(sql: Queryable, planId: string): Promise<Plan | undefined> {
  const [plan] = await sql.query<Plan>(`select ${planColumns} from orders.bulk_plan where plan_id = $1`, [planId]);
  return plan;
}

export type Progress = { changed: number; unchanged: number; left: number };

export async function readProgress(sql: Queryable, planId: string): Promise<Progress> {
  const [progress] = await sql.query<Progress>(
    `select (count(*) filter (where outcome = 'changed'))::integer as changed,
            (count(*) filter (where outcome = 'unchanged'))::integer as unchanged,
            (count(*) filter (where outcome is null))::integer as left
       from orders.bulk_item where plan_id = $1`,
    [planId],
  );
  return progress ?? { changed: 0, unchanged: 0, left: 0 };
}

export function readItems(sql: Queryable, planId: string, after: number, limit: number): Promise<Item[]> {
  return sql.query<Item>(
    `select ${itemColumns} from orders.bulk_item where plan_id = $1 and position > $2 order by position limit $3`,
    [planId, after, limit],
  );
}

/** Starts the plan unless it was started or has expired. */
export async function startPlan(sql: Queryable, planId: string, actor: string, at: Date): Promise<void> {
  await sql.query(
    `update orders.bulk_plan set started_by = $2, started_at = $3
      where plan_id = $1 and started_at is null and expires_at > $3`,
    [planId, actor, at],
  );
}

/** Names an item among those of all plans. */
export function keyOf(planId: string, { position }: Pick<Item, "position">): string {
  return `${planId} ${position}`;
}

const isWaiting = "concat(plan_id, ' ', position) = any($1::text[])";

/** The plans that run, in the order in which they were started; without those whose remaining items all wait. */
export function readRunning(sql: Queryable, waiting: readonly string[]): Promise<Plan[]> {
  return sql.query<Plan>(
    `select ${planColumns} from orders.bulk_plan plan where started_at is not null and finished_at is null
        and (exists (select from orders.bulk_item item
                      where item.plan_id = plan.plan_id and outcome is null and not ${isWaiting})
             or not exists (select from orders.bulk_item item where item.plan_id = plan.plan_id and outcome is null))
      order by started_at limit 10`,
    [waiting],
  );
}

export function readToDo(
  sql: Queryable,
  waiting: readonly string[],
  { planId, after, limit }: { planId: string; after: number; limit: number },
): Promise<Item[]> {
  return sql.query<Item>(
    `select ${itemColumns} from orders.bulk_item
      where plan_id = $2 and position > $3 and outcome is null and not ${isWaiting} order by position limit $4`,
    [waiting, planId, after, limit],
  );
}

/** False if the order was done, or another process is at it. */
export async function lockItem(tx: Tx, planId: string, position: number): Promise<boolean> {
  const locked = await tx.query(
    `select position from orders.bulk_item where plan_id = $1 and position = $2 and outcome is null
      for update skip locked`,
    [planId, position],
  );
  return locked.length > 0;
}

export async function noteOutcome(
  tx: Tx,
  planId: string,
  { position, outcome, status, at }: Pick<Item, "position" | "outcome" | "status" | "at">,
): Promise<void> {
  await tx.query(
    "update orders.bulk_item set outcome = $3, status = $4, at = $5 where plan_id = $1 and position = $2",
    [planId, position, outcome, status, at],
  );
}

export async function finishPlan(sql: Queryable, planId: string, at: Date): Promise<void> {
  await sql.query(
    `update orders.bulk_plan set finished_at = $2 where plan_id = $1 and finished_at is null
        and not exists (select from orders.bulk_item where plan_id = $1 and outcome is null)`,
    [planId, at],
  );
}

export async function deletePlan(tx: Tx, planId: string): Promise<void> {
  await tx.query("delete from orders.bulk_plan where plan_id = $1", [planId]);
}

/** Deletes plans that were never run. Plans that were run stay: they say who ended which orders. */
export async function deleteUnused(sql: Queryable, before: Date): Promise<void> {
  await sql.query("delete from orders.bulk_plan where started_at is null and expires_at < $1", [before]);
}
