/**
 * Defines the states of an order, and the steps between them. Pure; the database enforces it by comparing before it
 * sets.
 *
 * Only this table lists the final states. Stream, view, routes, saga, sweeps and tests use it:
 * docs/adr/0028-an-end-is-told-once.md.
 */
import type { Status } from "./wire.ts";

export type { Status } from "./wire.ts";

const ends: Record<Status, boolean> = {
  PENDING: false,
  INVENTORY_RESERVED: false,
  PAYMENT_PENDING: false,
  // The only final state that another may follow: its money goes back.
  CONFIRMED: true,
  FAILED: true,
  CANCELLED: true,
  REFUNDED: true,
};

/** The order has ended, and people may see that: no pending event changes it. */
export function isFinal(status: Status): boolean {
  return ends[status];
}

/** The order ended without units for the buyer. */
export function isOver(status: Status): boolean {
  return isFinal(status) && status !== "CONFIRMED";
}

/**
 * The reason of an order that is PAYMENT_PENDING after its deadline: its units are on sale again, and the provider has
 * not yet decided about a payment that began in time. The order has not ended, because the payment may still confirm
 * it.
 */
export const undecidedReason = "payment_undecided";

export function isUndecided({ status, reason }: { status: Status; reason: string | null }): boolean {
  return status === "PAYMENT_PENDING" && reason === undecidedReason;
}

export type Step = keyof typeof steps;

type Transition = {
  from: readonly Status[];
  /** Starts only from an order without units whose payment is undecided. */
  whileUndecided?: true;
  to: Status;
  /** The outcome for the units that the order's reservation claimed. */
  outcome?: "sold" | "released";
};

/** In the books, and not ended. */
export const openStatuses: readonly Status[] = ["INVENTORY_RESERVED", "PAYMENT_PENDING"];
const undecided = { from: ["PAYMENT_PENDING"], whileUndecided: true } as const;

const steps = {
  confirm: { from: openStatuses, to: "CONFIRMED", outcome: "sold" },
  fail: { from: openStatuses, to: "FAILED", outcome: "released" },
  cancel: { from: openStatuses, to: "CANCELLED", outcome: "released" },
  /** After the deadline, while the provider is still deciding. */
  lapse: { from: openStatuses, to: "PAYMENT_PENDING", outcome: "released" },
  /** Paid after its deadline, and there were units: restore.ts takes this step. */
  restore: { ...undecided, to: "CONFIRMED" },
  fail_undecided: { ...undecided, to: "FAILED" },
  cancel_undecided: { ...undecided, to: "CANCELLED" },
  /** Its units stay sold: if they come back into stock, they are a stock entry like any other. */
  refund: { from: ["CONFIRMED"], to: "REFUNDED" },
} as const satisfies Record<string, Transition>;

export function transition(step: Step): Transition {
  return steps[step];
}
