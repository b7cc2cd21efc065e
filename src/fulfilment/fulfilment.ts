/**
 * Brings settled orders to their end: starts a saga for each, wakes it after an event, and finishes orders whose start,
 * nudge or workflow engine was lost.
 */
import type { Steps, Story, Workflows } from "#engines/workflows";
import type { Inventory } from "#inventory";
import type { Order, Orders, SeenOrder } from "#orders";
import type { Payment } from "#payment";
import { type LoopOptions, startLoop } from "#platform/loop";
import { createLate } from "./late.ts";
import { createOverdue, graceMs } from "./overdue.ts";
import { createRefunds } from "./refunds.ts";
import { confirmPaid, type FulfilmentSteps, fulfil, type PlacedOrder } from "./saga.ts";
import { each, inPages, pageSize } from "./sweep.ts";

export type FulfilmentOptions = {
  orders: Orders;
  payment: Payment;
  inventory: Inventory;
  /** How much longer units are held for a payment that the provider is still deciding, milliseconds. */
  paymentGraceMs: number;
  openWorkflows<S extends Steps>(story: Story<PlacedOrder, S>, workflowFile: URL): Promise<Workflows<PlacedOrder>>;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export { type ByHand, createByHand, type EndRefusal } from "./by-hand.ts";

export type Fulfilment = Awaited<ReturnType<typeof startFulfilment>>;

const startEveryMs = 250;
const startsAtOnce = 100;
const deadlineEveryMs = 1_000;
const paymentsEveryMs = 1_000;

export async function startFulfilment(options: FulfilmentOptions) {
  const { orders, payment, inventory, openWorkflows, paymentGraceMs, now, onFault } = options;
  const overdue = createOverdue({ orders, payment, paymentGraceMs, now });
  const { steps, placedOf } = overdue;

  const story: Story<PlacedOrder, FulfilmentSteps> = { name: "fulfil", tell: fulfil, steps };
  const workflows = await openWorkflows(story, new URL("./temporal.workflow.ts", import.meta.url));
  const loop = (what: string, everyMs: number, work: LoopOptions["work"]) =>
    startLoop({ everyMs, work, onFault: (error) => onFault(what, error) });

  /**
   * The row says "started" only after the engine has the run. After a crash in between it is started again, which the
   * engine ignores.
   */
  async function startSagas(): Promise<boolean> {
    const settled = await orders.withoutSaga(startsAtOnce);
    if (settled.length === 0) return false;
    const answers = await Promise.allSettled(
      settled.map((order) => workflows.start(sagaId(order.orderId), placedOf(order))),
    );
    const started = settled.filter((_, i) => answers[i]?.status === "fulfilled");
    if (started.length > 0) await orders.sagaStarted(started.map((order) => order.orderId));
    const refused = answers.find((answer) => answer.status === "rejected");
    if (refused) throw refused.reason;
    return settled.length === startsAtOnce;
  }

  /** The same story without an engine: does what the saga does at its deadline, for orders whose saga did not do it. */
  const nextOverdue = inPages((after?: Order) => orders.overdue(new Date(now() - graceMs), after, pageSize));
  async function endOverdue(): Promise<boolean> {
    const page = await nextOverdue();
    await each(page, overdue.settle);
    return page.length === pageSize;
  }

  const settleLate = createLate({ orders, payment, now, confirmPaid: confirmWithoutRun });
  async function settlePayments(): Promise<boolean> {
    await payment.sweep();
    return settleLate();
  }

  async function confirmWithoutRun(order: SeenOrder): Promise<void> {
    await confirmPaid(placedOf(order), steps);
    // If the order has a run, it need not wait any longer.
    nudge(order.orderId);
  }

  const starter = loop("sagas", startEveryMs, startSagas);
  const refunds = loop("refunds", paymentsEveryMs, createRefunds({ orders, payment, inventory }));
  const others = [loop("deadlines", deadlineEveryMs, endOverdue), loop("payments", paymentsEveryMs, settlePayments)];
  const stopListening = orders.onChange((changed) => {
    if (!changed) starter.nudge();
    else if (changed.status === "CANCELLED") nudge(changed.orderId);
    else if (changed.status === "REFUNDED") refunds.nudge();
  });

  function nudge(orderId: string): void {
    workflows.nudge(sagaId(orderId)).catch((error) => onFault("nudge", error));
  }

  return {
    /** Something happened to the order's payment. The call may be lost. */
    nudge,
    /** @throws if the workflow engine does not answer. */
    workflowsAnswer: () => workflows.answers(),
    async stop(): Promise<void> {
      stopListening();
      await Promise.all([starter, refunds, ...others].map((one) => one.stop()));
      await workflows.close();
    },
  };
}

function sagaId(orderId: string): string {
  return `order-${orderId}`;
}
