/** What goes wrong with stock and the switch in front of a caller, and what to do about each. */
import { defineProblems, Problem } from "#platform/problems";
import { GateUnavailable } from "./gate/gate.ts";
import { NotSettled } from "./not-settled.ts";

export const inventoryProblems = defineProblems({
  product_not_found: { status: 404, title: "There is no such product" },
  not_enough_stock: { status: 409, title: "Fewer units are free than would be taken out" },
  idempotency_mismatch: { status: 422, title: "This Idempotency-Key came with another request before" },
  gate_unavailable: { status: 503, title: "The stock gate does not answer", retryAfterSeconds: 1 },
  not_settled: {
    status: 503,
    title: "Accepted orders are not settled, and none may be left behind",
    retryAfterSeconds: 5,
  },
  switch_failed: { status: 503, title: "The switch could not be made and stands where it stood", retryAfterSeconds: 5 },
  switch_overtaken: { status: 409, title: "Another switch was made meanwhile" },
});

export const details: Record<keyof typeof inventoryProblems, string> = {
  product_not_found: "No product has this productId. GET /products lists them.",
  not_enough_stock: "Units that orders hold cannot be taken out. Nothing was changed.",
  idempotency_mismatch: "Use a new key for a new entry, or repeat the first request unchanged.",
  gate_unavailable: "Nothing was changed. Bring Redis back, or switch to sync, which does without it.",
  not_settled: "See whether a settlement process runs and Kafka and the database answer, then repeat.",
  switch_failed: "Try again when what it names is repaired.",
  switch_overtaken: "Read the switch again, and decide anew.",
};

export const whyNot =
  "Redis does not answer, and gatekeeper needs it: bring it back, then switch again. sync does without it.";

/** Runs what an admin asked for. @throws Problem where the gate or the settlement stands in the way. */
export async function orGateAway<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof NotSettled) throw notSettled(cause, {});
    if (!(cause instanceof GateUnavailable)) throw cause;
    throw new Problem(inventoryProblems.gate_unavailable, details.gate_unavailable, { cause });
  }
}

/** Where it stands is told: the partition, how far it is settled, where it ends. */
export function notSettled(cause: unknown, extra: Record<string, unknown>): Problem {
  if (!(cause instanceof NotSettled))
    return new Problem(inventoryProblems.not_settled, details.not_settled, { cause, extra });
  const { topic, partition, settled, end, message } = cause;
  const where = { topic, partition, settled: Number(settled), end: Number(end) };
  return new Problem(inventoryProblems.not_settled, message, { cause, extra: { ...extra, ...where } });
}
