/** Answers the routes of acts on many orders. */
import type { FastifyReply } from "fastify";
import { callerOf } from "#identity";
import { pageOf } from "#platform/cursors";
import type { Asked } from "#platform/http";
import { isUuid } from "#platform/ids";
import { Problem, refuse } from "#platform/problems";
import { shortCodeOf } from "#platform/short-codes";
import type { OrderFilter } from "../books/search.ts";
import { orderProblems, refusals } from "../problems.ts";
import type { BulkFilterBody, BulkPlan, ItemsQuery, PlanParams, PreviewBody } from "../wire.ts";
import { type Bulk, mostOrders, type SeenPlan } from "./bulk.ts";

export type BulkHandlersOptions = {
  bulk: Bulk;
  filterOf(asked: BulkFilterBody): Promise<OrderFilter>;
};

type AskedOfPlan = Asked<{ params: typeof PlanParams }>;

const usualReasons = { cancel: "cancelled_by_admin", refund: "refunded_by_admin" };

export function createBulkHandlers({ bulk, filterOf }: BulkHandlersOptions) {
  async function previewBulk(request: Asked<{ body: typeof PreviewBody }>, reply: FastifyReply) {
    const { filter, action, reason = usualReasons[action], restock = false } = request.body;
    const asked = { action, reason, restock: action === "refund" && restock, filter };
    const plan = await bulk.preview(await filterOf(filter), { ...asked, actor: callerOf(request).userId });
    if (plan === "too_many") {
      const detail = `More than ${mostOrders} orders are like the filter: narrow it, and act in several plans.`;
      return refuse(reply, orderProblems.bulk_too_large, detail);
    }
    return planView(plan);
  }

  async function runBulk(request: AskedOfPlan, reply: FastifyReply) {
    await planOf(request);
    const plan = (await bulk.run(request.params.planId, callerOf(request).userId)) ?? (await planOf(request));
    if (plan.state === "expired" || plan.state === "previewed") {
      const detail = `It was to be run until ${plan.expiresAt.toISOString()}, and orders go on meanwhile: preview it again.`;
      return refuse(reply, orderProblems.bulk_plan_expired, detail);
    }
    reply.code(202);
    return planView(plan);
  }

  async function listBulk(request: Asked<{ params: typeof PlanParams; querystring: typeof ItemsQuery }>) {
    const { planId } = await planOf(request);
    const { cursor, limit = 100 } = request.query;
    const items = await bulk.items(planId, Number(cursor ?? 0), limit + 1);
    const { shown, nextCursor } = pageOf(items, limit, ({ position }) => String(position));
    return {
      items: shown.map(({ orderId, totalMinor, currency, outcome, status, at }) => ({
        orderId,
        code: shortCodeOf(orderId),
        total: totalMinor,
        currency,
        outcome: outcome ?? ("waiting" as const),
        ...(status !== null && { status }),
        ...(at && { at: at.toISOString() }),
      })),
      nextCursor,
    };
  }

  async function planOf(request: AskedOfPlan): Promise<SeenPlan> {
    const { planId } = request.params;
    const plan = isUuid(planId) ? await bulk.read(planId) : undefined;
    if (!plan) throw new Problem(...refusals.noPlan);
    return plan;
  }

  return { previewBulk, runBulk, getBulk: async (request: AskedOfPlan) => planView(await planOf(request)), listBulk };
}

function planView({ amounts, progress, ...plan }: SeenPlan): BulkPlan {
  const [first, second] = amounts;
  return {
    planId: plan.planId,
    action: plan.action,
    reason: plan.reason,
    restock: plan.restock,
    filter: plan.filter as BulkFilterBody,
    count: amounts.reduce((sum, { count }) => sum + count, 0),
    free: amounts.reduce((sum, { free = 0 }) => sum + free, 0),
    amount: second ? null : (first?.amount ?? 0),
    currency: second ? null : (first?.currency ?? null),
    amounts: amounts.map(({ currency, count, amount }) => ({ currency, count, amount })),
    state: plan.state,
    ...progress,
    previewedBy: plan.actor,
    previewedAt: plan.previewedAt.toISOString(),
    expiresAt: plan.expiresAt.toISOString(),
    ...(plan.startedBy !== null && { startedBy: plan.startedBy }),
    ...(plan.startedAt && { startedAt: plan.startedAt.toISOString() }),
    ...(plan.finishedAt && { finishedAt: plan.finishedAt.toISOString() }),
  };
}
