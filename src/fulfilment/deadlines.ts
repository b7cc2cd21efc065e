/** Ends orders at their deadline: reads the books when the next one is due, and seldom while none is. */
import type { Order, Orders } from "#orders";
import { elapsedMs } from "#platform/clock";
import type { Batch, Found } from "./batch-saga.ts";
import { isDue } from "./batch-steps.ts";
import type { Runs } from "./runs.ts";
import { pageSize } from "./sweep.ts";

export type DeadlinesOptions = {
  orders: Orders;
  runs: Runs;
  readVerdicts(batch: Batch): Promise<Found>;
  now(): number;
  /** Does what a run does, without an engine. */
  settle(orderIds: readonly string[]): Promise<unknown>;
};

/** How far a look sees ahead. */
const aheadMs = 5_000;
/** While nothing is due. An order that another process settled is noticed late if its time to pay is shorter than this. */
const idleMs = 2_000;
/** For an order that came into the books just now, and for one that was due and is not known to have ended. */
const againMs = 1_000;
/** Time for the workflow engine before an order is ended without it, milliseconds after the deadline. */
const graceMs = 3_000;
/** More of them wait for the next look: the runs set the pace. */
const mostWaiting = 1_000;

export function createDeadlines({ orders, runs, readVerdicts, now, settle }: DeadlinesOptions) {
  let lookAtMs = 0;
  let after: Order | undefined;
  const lookIn = (ms: number) => {
    lookAtMs = Math.min(lookAtMs, elapsedMs() + ms);
  };

  async function end(due: readonly Order[]): Promise<void> {
    if (due.length === 0) return;
    // Others are held for a provider that is still deciding.
    const found = await readVerdicts({ run: null, orderIds: due.map(({ orderId }) => orderId) });
    const toEnd = new Set([...found.paid, ...found.due, ...found.over]);
    const late = due.filter((order) => runs.areFailing && isDue(order, now() - graceMs) && toEnd.delete(order.orderId));
    for (const orderId of toEnd) runs.find(orderId);
    if (late.length > 0) await settle(late.map(({ orderId }) => orderId));
  }

  return {
    /** Orders came into the books. */
    settled: () => lookIn(againMs),

    /** Returns whether more orders are due. */
    async look(): Promise<boolean> {
      if (elapsedMs() < lookAtMs) return false;
      lookAtMs = elapsedMs() + againMs;
      const page = await orders.overdue(new Date(now() + aheadMs), after, pageSize);
      const due = page.filter((order) => isDue(order, now()));
      const next = page[due.length];
      const more = due.length === pageSize;
      if (due.length === 0 && !after) lookAtMs = elapsedMs() + idleMs;
      if (next) lookIn(Math.max(0, next.payBy.getTime() - now()));
      after = more ? page.at(-1) : undefined;
      await end(due);
      if (more && runs.waiting < mostWaiting) lookAtMs = 0;
      return more && runs.waiting < mostWaiting;
    },
  };
}
