/** What goes wrong with stock and the switch in front of a caller, and what to do about each. */
import { defineProblems } from "#platform/problems";

export const inventoryProblems = defineProblems({
  product_not_found: { status: 404, title: "There is no such product" },
  not_enough_stock: { status: 409, title: "Fewer units are free than would be taken out" },
  idempotency_mismatch: { status: 422, title: "This Idempotency-Key came with another request before" },
  gate_unavailable: { status: 503, title: "The stock gate does not answer", retryAfterSeconds: 1 },
  switch_failed: { status: 503, title: "The switch could not be made and stands where it stood", retryAfterSeconds: 5 },
  switch_overtaken: { status: 409, title: "Another switch was made meanwhile" },
});

export const details: Record<keyof typeof inventoryProblems, string> = {
  product_not_found: "No product has this productId. GET /products lists them.",
  not_enough_stock: "Units that orders hold cannot be taken out. Nothing was changed.",
  idempotency_mismatch: "Use a new key for a new entry, or repeat the first request unchanged.",
  gate_unavailable: "Nothing was changed. Bring Redis back, or switch to sync, which does without it.",
  switch_failed: "Try again when what it names is repaired.",
  switch_overtaken: "Read the switch again, and decide anew.",
};

export const whyNot = {
  gate_away: "Redis does not answer, and gatekeeper needs it: bring it back, then switch again. sync does without it.",
  not_settled:
    "Accepted orders are not being settled, and none may be left behind: see whether a settlement process runs and Kafka and the database answer, then switch again.",
};
