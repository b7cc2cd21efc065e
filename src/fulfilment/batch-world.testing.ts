/**
 * Tells the story of many orders in the world of one: its steps are made of the smaller ones of that world, so that
 * others may act even in the middle of a step.
 */
import type { Batch, EarlierBatchSteps, Ended, Found } from "./batch-saga.ts";
import type { FulfilmentSteps, PlacedOrder } from "./earlier-saga.ts";
import type { Tale } from "./saga-teller.testing.ts";

const none = { confirmed: [], over: [] };

/** `isDue`: the deadline has passed for this run. */
export function batchStepsOf(order: PlacedOrder, steps: FulfilmentSteps, isDue = false): EarlierBatchSteps {
  const ids = [order.orderId];
  async function readVerdicts(): Promise<Found> {
    const verdict = await steps.readVerdict(order);
    const found = { paid: [], due: [], over: [] };
    if (verdict === "authorized") return { ...found, paid: ids };
    if (verdict === "cancelled") return { ...found, over: ids };
    return isDue ? { ...found, due: ids } : found;
  }
  async function confirmAll(): Promise<Ended> {
    return { ...none, [(await steps.confirm(order)) === "confirmed" ? "confirmed" : "over"]: ids };
  }
  return {
    async confirmPaid() {
      const { paid, due, over } = await readVerdicts();
      const sold: Ended = paid.length > 0 ? await confirmAll() : none;
      return { due, confirmed: sold.confirmed, over: [...over, ...sold.over] };
    },
    readVerdicts,
    confirmAll,
    async endAll() {
      const answer = await steps.endOrder({ order, reason: "payment_timeout" });
      return { ...none, [answer === "ended" ? "over" : "confirmed"]: ids };
    },
    captureAll: () => steps.capturePayment(order),
    voidAll: () => steps.voidPayment(order),
  };
}

type Change = (steps: EarlierBatchSteps) => Partial<EarlierBatchSteps>;
type Tell = (batch: Batch, steps: EarlierBatchSteps) => Promise<string>;

/** The nudges of an order and its deadline each begin a run of the story, until it has an end. */
export function runsOf(tell: Tell, change: Change = () => ({}), isAlwaysDue = false): Tale {
  return async (order, steps, waitForNudge) => {
    for (let deadlineMs = order.payByMs; ; ) {
      const isOver = (await waitForNudge(deadlineMs)) === "deadline";
      if (isOver && order.extendable) {
        const laterMs = await steps.readDeadline(order);
        if (laterMs > deadlineMs) {
          deadlineMs = laterMs;
          continue;
        }
      }
      const batch = batchStepsOf(order, steps, isOver || isAlwaysDue);
      const outcome = await tell({ run: "a run", orderIds: [order.orderId] }, { ...batch, ...change(batch) });
      if (outcome === "1 confirmed, 0 over") return "confirmed";
      if (outcome === "0 confirmed, 1 over") return "cancelled or failed";
    }
  };
}
