/**
 * Acts on many orders at once: cancels open ones, or refunds confirmed ones. A preview writes the plan, with its orders
 * one by one; a run takes exactly these, each by its own compare-and-set, and carries on after a crash.
 */
import { randomUUID } from "node:crypto";
import type { Sql } from "#engines/sql";
import type { Audit, Intent } from "#identity";
import { crashPoint } from "#platform/crash-points";
import { startLoop } from "#platform/loop";
import { createSetbacks } from "#platform/setbacks";
import { messageOf } from "#platform/thrown";
import { readOrder } from "../books/order-rows.ts";
import type { OrderFilter } from "../books/search.ts";
import { openStatuses, type Status } from "../state.ts";
import type { Steps } from "../steps/steps.ts";
import {
  type Amount,
  type BulkAction,
  deletePlan,
  deleteUnused,
  finishPlan,
  type Item,
  insertItems,
  insertPlan,
  keyOf,
  lockItem,
  noteOutcome,
  type Plan,
  type Progress,
  readItems,
  readPlan,
  readProgress,
  readRunning,
  readToDo,
  startPlan,
  sumUp,
} from "./rows.ts";

export type { BulkAction } from "./rows.ts";

export type Asked = {
  action: BulkAction;
  reason: string;
  restock: boolean;
  /** As the operator wrote it, to be shown. */
  filter: object;
  actor: string;
};

export type PlanState = "previewed" | "expired" | "running" | "done";
export type SeenPlan = Plan & { state: PlanState; progress: Progress };

export type Bulk = {
  /** `too_many` if the orders are more than one plan may have. */
  preview(filter: OrderFilter, asked: Asked): Promise<SeenPlan | "too_many">;
  /** Starts the plan. A repeated call changes nothing. */
  run(planId: string, actor: string): Promise<SeenPlan | undefined>;
  read(planId: string): Promise<SeenPlan | undefined>;
  /** The plan's orders after this position, each with what became of it. */
  items(planId: string, after: number, limit: number): Promise<Item[]>;
  start(): { stop(): Promise<void> };
};

export type BulkOptions = {
  sql: Sql;
  steps: Pick<Steps, "cancelIn" | "refundIn">;
  /** Each order of a run is an act of its own there. */
  audit: Pick<Audit, "begin" | "end">;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export const mostOrders = 20_000;
const validMs = 15 * 60_000;
const lookEveryMs = 1_000;
/** While no plan runs here: this process is nudged for what it starts. */
const restMs = 4_000;
/** In one turn of the loop, so that stopping is quick. */
const ordersAtOnce = 50;

/** The same names as of the routes that act on one order. */
const actions: Record<BulkAction, string> = { cancel: "cancelOrder", refund: "refundOrder" };
const startsFrom: Record<BulkAction, readonly Status[]> = { cancel: openStatuses, refund: ["CONFIRMED"] };

export function createBulk({ sql, steps, audit, now, onFault }: BulkOptions): Bulk {
  /** Each try of an order is an act in the audit, so that one that fails is tried again after a growing pause. */
  const setbacks = createSetbacks();
  /** How far each running plan has been gone through. An order that failed is tried again in a later round. */
  const reached = new Map<string, number>();
  let nudge = () => {};

  async function seen(plan: Plan | undefined): Promise<SeenPlan | undefined> {
    if (!plan) return undefined;
    const { startedAt, finishedAt, expiresAt } = plan;
    const waits = expiresAt.getTime() > now() ? "previewed" : "expired";
    const state = finishedAt ? "done" : startedAt ? "running" : waits;
    return { ...plan, state, progress: await readProgress(sql, plan.planId) };
  }

  const read = async (planId: string) => seen(await readPlan(sql, planId));

  async function turn(): Promise<boolean> {
    let more = false;
    for (const plan of await readRunning(sql, setbacks.waiting())) {
      const { planId } = plan;
      const after = reached.get(planId) ?? 0;
      const items = await readToDo(sql, setbacks.waiting(), { planId, after, limit: ordersAtOnce });
      for (const item of items) {
        const tell = (error: unknown) => onFault(`a bulk act on order ${item.orderId}`, error);
        await setbacks.attempt(keyOf(planId, item), () => act(plan, item)).catch(tell);
        await crashPoint("orders.bulk-order-done");
        reached.set(planId, item.position);
      }
      if (items.length > 0) more = true;
      else {
        reached.delete(planId);
        await finishPlan(sql, planId, new Date(now()));
      }
    }
    return more;
  }

  async function act({ planId, action, reason, restock, startedBy, actor }: Plan, item: Item): Promise<void> {
    const { position, orderId } = item;
    const by = startedBy ?? actor;
    const detail = { planId, reason, ...(action === "refund" && { restock }) };
    let intent: Intent | undefined;
    const taking = sql.transaction(async (tx) => {
      if (!(await lockItem(tx, planId, position))) return undefined;
      // A transaction that is tried again is still one act.
      intent ??= await audit.begin({ actor: by, action: actions[action], subject: orderId, detail });
      const order =
        action === "cancel"
          ? await steps.cancelIn(tx, orderId, reason)
          : await steps.refundIn(tx, orderId, { reason, restock, actor: by });
      const { status } = order ?? (await readOrder(tx, orderId)) ?? { status: null };
      const outcome = order ? ("changed" as const) : ("unchanged" as const);
      await noteOutcome(tx, planId, { position, outcome, status, at: new Date(now()) });
      return { phase: order ? ("done" as const) : ("refused" as const), status };
    });
    const taken = await taking.catch(async (error) => {
      if (intent) await audit.end(intent, "failed", { failure: messageOf(error) });
      throw error;
    });
    if (intent && taken) await audit.end(intent, taken.phase, { status: taken.status });
  }

  return {
    async preview(filter, asked) {
      const planId = randomUUID();
      const previewedAt = new Date(now());
      const expiresAt = new Date(now() + validMs);
      await deleteUnused(sql, new Date(now() - validMs));
      const plan = { ...asked, planId, previewedAt, expiresAt };
      const amounts = await sql.transaction(async (tx) => {
        await insertPlan(tx, plan);
        await insertItems(tx, planId, filter, startsFrom[asked.action], mostOrders + 1);
        const amounts = await sumUp(tx, planId);
        if (countOf(amounts) > mostOrders) await deletePlan(tx, planId);
        return amounts;
      });
      const count = countOf(amounts);
      if (count > mostOrders) return "too_many";
      const progress = { changed: 0, unchanged: 0, left: count };
      return { ...plan, amounts, startedBy: null, startedAt: null, finishedAt: null, state: "previewed", progress };
    },

    async run(planId, actor) {
      await startPlan(sql, planId, actor, new Date(now()));
      nudge();
      return read(planId);
    },

    read,
    items: (planId, after, limit) => readItems(sql, planId, after, limit),

    start() {
      const loop = startLoop({
        everyMs: lookEveryMs,
        restMs,
        work: turn,
        onFault: (error) => onFault("bulk acts", error),
      });
      nudge = loop.nudge;
      return loop;
    },
  };
}

function countOf(amounts: readonly Amount[]): number {
  return amounts.reduce((sum, { count }) => sum + count, 0);
}
