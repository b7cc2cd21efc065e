/** What an order can be and become. Pure; the database holds to it by comparing before it sets. */

export const statuses = [
  "PENDING",
  "INVENTORY_RESERVED",
  "PAYMENT_PENDING",
  "CONFIRMED",
  "FAILED",
  "CANCELLED",
  "REFUNDED",
] as const;
export type Status = (typeof statuses)[number];

export type Step = "request_payment" | "confirm" | "fail" | "cancel" | "restore" | "refund";

const steps: Record<Step, { from: readonly Status[]; to: Status }> = {
  request_payment: { from: ["INVENTORY_RESERVED"], to: "PAYMENT_PENDING" },
  confirm: { from: ["INVENTORY_RESERVED", "PAYMENT_PENDING"], to: "CONFIRMED" },
  fail: { from: ["INVENTORY_RESERVED", "PAYMENT_PENDING"], to: "FAILED" },
  cancel: { from: ["INVENTORY_RESERVED", "PAYMENT_PENDING"], to: "CANCELLED" },
  // Paid after its time, and there were units: see restore.ts.
  restore: { from: ["FAILED"], to: "CONFIRMED" },
  refund: { from: ["FAILED", "CANCELLED"], to: "REFUNDED" },
};

export function transition(step: Step): { from: readonly Status[]; to: Status } {
  return steps[step];
}

export function isTerminal(status: Status): boolean {
  return status === "CONFIRMED" || status === "FAILED" || status === "CANCELLED" || status === "REFUNDED";
}

/** What becomes of the units a reservation committed, when the order takes this step. */
export function outcomeOf(step: Step): "sold" | "released" | undefined {
  if (step === "confirm") return "sold";
  return step === "fail" || step === "cancel" ? "released" : undefined;
}
