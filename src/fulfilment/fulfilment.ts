/**
 * Brings orders to their end once there is something to do about them: their payment is decided, their deadline has
 * passed, or they were ended. Runs of the workflow engine take many at a time; scans find those whose nudge was lost, and
 * finish them if the engine does not. An order that waits to be paid has no run.
 */
import type { EarlierStory, Steps, Story, Workflows } from "#engines/workflows";
import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import type { Payment } from "#payment";
import { type LoopOptions, startLoop } from "#platform/loop";
import { type Batch, type BatchSteps, type EarlierBatchSteps, fulfilAll, fulfilOrders } from "./batch-saga.ts";
import { createBatchSteps } from "./batch-steps.ts";
import { createDeadlines } from "./deadlines.ts";
import { type FulfilmentSteps, fulfil, type PlacedOrder } from "./earlier-saga.ts";
import { createSteps } from "./earlier-steps.ts";
import { createLate } from "./late.ts";
import { createRefunds } from "./refunds.ts";
import { createRuns } from "./runs.ts";
import { tracedSteps } from "./traced-steps.ts";

export type FulfilmentOptions = {
  orders: Orders;
  payment: Payment;
  inventory: Inventory;
  /** How much longer units are held for a payment that the provider is still deciding, milliseconds. */
  paymentGraceMs: number;
  openWorkflows<S extends Steps>(
    story: Story<Batch, S>,
    earlier: readonly EarlierStory[],
    workflowFile: URL,
  ): Promise<Workflows<Batch>>;
  /** Names the state of the books: while it is the same, nothing was written. */
  mark?(): Promise<string>;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export { type ByHand, createByHand, type EndRefusal } from "./by-hand.ts";
export { tellFailedAttempt } from "./failed-attempts.ts";

export type Fulfilment = Awaited<ReturnType<typeof startFulfilment>>;

/** A turn before the next deadline only reads the clock. */
const deadlineEveryMs = 250;
const paymentsEveryMs = 1_000;
/** While a scan finds nothing. */
const paymentsRestMs = 2_000;
/** Payments fall due by themselves: the next try at a provider, a grant whose run did not come. */
const stillMs = 4_000;

export async function startFulfilment(options: FulfilmentOptions) {
  const { orders, payment, inventory, openWorkflows, mark, now, onFault } = options;
  const steps = tracedSteps(createBatchSteps(options), orders);
  const story: Story<Batch, BatchSteps> = { name: "fulfilOrders", tell: fulfilOrders, steps };
  // Earlier versions had one run for each order, from the moment when it was in the books; later ones had more steps.
  const ofOne: Story<PlacedOrder, FulfilmentSteps> = { name: "fulfil", tell: fulfil, steps: createSteps(options) };
  const inMoreSteps: Story<Batch, EarlierBatchSteps> = { name: "fulfilAll", tell: fulfilAll, steps };
  const workflows = await openWorkflows(
    story,
    [ofOne, inMoreSteps],
    new URL("./temporal.workflow.ts", import.meta.url),
  );
  const loop = (what: string, options: Pick<LoopOptions, "everyMs" | "restMs" | "mark" | "work">) =>
    startLoop({ ...options, stillMs, onFault: (error) => onFault(what, error) });

  const runs = createRuns({ workflows, onFault });
  const settle = (orderIds: readonly string[]) => fulfilOrders({ run: null, orderIds }, steps);
  const deadlines = createDeadlines({ orders, runs, readVerdicts: steps.readVerdicts, now, settle });
  const late = createLate({ orders, payment, now, settle, beginRun: runs.find });
  async function settlePayments(): Promise<boolean | undefined> {
    const { settled, waiting, failed } = await payment.sweep();
    const turn = await late.turn();
    return turn || settled + waiting + failed === 0 ? turn : undefined;
  }

  const rests = { everyMs: paymentsEveryMs, restMs: paymentsRestMs, mark };
  const refunds = loop("refunds", { ...rests, work: createRefunds({ orders, payment, inventory }) });
  const others = [
    // A deadline passes without a write.
    loop("deadlines", { everyMs: deadlineEveryMs, work: deadlines.look }),
    loop("payments", { ...rests, work: settlePayments }),
  ];
  const stopListening = orders.onChange((changed) => {
    if (!changed) deadlines.settled();
    else if (changed.status === "CANCELLED") runs.add(changed.orderId);
    else if (changed.status === "REFUNDED") refunds.nudge();
  });

  return {
    /** Something happened to the order's payment. The call may be lost. */
    nudge: runs.add,
    /** @throws if the workflow engine does not answer. */
    workflowsAnswer: () => workflows.answers(),
    async stop(): Promise<void> {
      stopListening();
      runs.stop();
      await Promise.all([refunds, ...others].map((one) => one.stop()));
      await workflows.close();
    },
  };
}
