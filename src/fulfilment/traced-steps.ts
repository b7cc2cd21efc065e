/** Shows each step of a run in the trace of its order; of many orders, in one span with a link to each. */
import type { Orders } from "#orders";
import { inBatchSpan, isTracing } from "#platform/spans";
import type { Batch, EarlierBatchSteps } from "./batch-saga.ts";

/**
 * A step reads from the books which traces its orders have. So no workflow engine has to carry them, and a run that another
 * process takes over goes on in the same traces.
 */
export function tracedSteps(steps: EarlierBatchSteps, { tracesOf }: Pick<Orders, "tracesOf">): EarlierBatchSteps {
  if (!isTracing()) return steps;
  const within = async <T>(name: string, { run, orderIds }: Batch, work: () => Promise<T>): Promise<T> => {
    const traces = await tracesOf(orderIds);
    const fields = { orders: orderIds.length, ...(run !== null && { run }) };
    return inBatchSpan(name, traces.values(), { fields }, work);
  };
  return {
    confirmPaid: (batch) => within("saga: confirm paid", batch, () => steps.confirmPaid(batch)),
    readVerdicts: (batch) => within("saga: read verdicts", batch, () => steps.readVerdicts(batch)),
    confirmAll: (batch) => within("saga: confirm", batch, () => steps.confirmAll(batch)),
    endAll: (batch) => within("saga: end", batch, () => steps.endAll(batch)),
    captureAll: (batch) => within("saga: capture", batch, () => steps.captureAll(batch)),
    voidAll: (batch) => within("saga: give back", batch, () => steps.voidAll(batch)),
  };
}
