/** Lists the problems with stock and the switch that a caller may get, and what to do about each. */
import { defineProblems, Problem } from "#platform/problems";
import { NotSettled } from "./agreement/not-settled.ts";
import { GateUnavailable } from "./gate/gate.ts";

export const inventoryProblems = defineProblems({
  product_not_found: { status: 404, title: "There is no such product" },
  product_not_known_yet: {
    status: 503,
    title: "Inventory has not read the latest products yet",
    retryAfterSeconds: 1,
  },
  not_enough_stock: { status: 409, title: "Fewer units are free than you asked to take out" },
  idempotency_mismatch: { status: 422, title: "This Idempotency-Key was used with another request" },
  gate_unavailable: { status: 503, title: "The stock gate does not answer", retryAfterSeconds: 1 },
  not_settled: {
    status: 503,
    title: "Accepted orders are not settled yet",
    retryAfterSeconds: 5,
  },
  switch_failed: { status: 503, title: "The switch could not be made; the mode is unchanged", retryAfterSeconds: 5 },
  switch_overtaken: { status: 409, title: "Another switch was made meanwhile" },
});

export const details: Record<keyof typeof inventoryProblems, string> = {
  product_not_found: "No product has this productId. GET /products lists them.",
  product_not_known_yet:
    "The product may be new. Repeat in a moment; if it stays, look at the lag of the consumer group of prices.",
  not_enough_stock: "Units that orders hold cannot be taken out. Nothing was changed.",
  idempotency_mismatch: "Use a new key for a new entry, or repeat the first request unchanged.",
  gate_unavailable: "Nothing was changed. Start Redis again, or switch to sync, which works without it.",
  not_settled: "Check that a settlement process runs and that Kafka and the database answer, then repeat.",
  switch_failed: "Repair what the reason names, then try again.",
  switch_overtaken: "Read the switch again, and switch again if you still want to.",
};

export const whyNot =
  "Redis does not answer, and gatekeeper needs it: start it again, then switch. sync works without it.";

/** Runs an admin's request. @throws Problem if the gate or the settlement prevents it. */
export async function orGateAway<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof NotSettled) throw notSettled(cause, {});
    if (!(cause instanceof GateUnavailable)) throw cause;
    throw new Problem(inventoryProblems.gate_unavailable, details.gate_unavailable, { cause });
  }
}

/** Names the position: the partition, how far it is settled, where it ends. */
export function notSettled(cause: unknown, extra: Record<string, unknown>): Problem {
  if (!(cause instanceof NotSettled))
    return new Problem(inventoryProblems.not_settled, details.not_settled, { cause, extra });
  const { topic, partition, settled, end, message } = cause;
  const where = { topic, partition, settled: Number(settled), end: Number(end) };
  return new Problem(inventoryProblems.not_settled, message, { cause, extra: { ...extra, ...where } });
}
