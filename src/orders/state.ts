/**
 * Defines the states of an order, and the steps between them. Pure; the database holds to it by comparing before it
 * sets.
 *
 * This is the one table that says whether a status is an end. Stream, view, routes, saga, sweeps and tests ask it:
 * docs/adr/0028-an-end-is-told-once.md.
 */
import type { Status } from "./wire.ts";

export type { Status } from "./wire.ts";

const ends: Record<Status, boolean> = {
  PENDING: false,
  INVENTORY_RESERVED: false,
  PAYMENT_PENDING: false,
  // The one end that something may follow: its money goes back.
  CONFIRMED: true,
  FAILED: true,
  CANCELLED: true,
  REFUNDED: true,
};

/** The order has come to its end, and people may be told so: nothing that is still on its way changes it. */
export function isFinal(status: Status): boolean {
  return ends[status];
}

/** The order ended, and not with its units in the buyer's hands. */
export function isOver(status: Status): boolean {
  return isFinal(status) && status !== "CONFIRMED";
}

/**
 * The reason of an order that is PAYMENT_PENDING past its time: its units went back on sale, and the provider has not
 * decided yet about a payment that was begun in time. It is no end, because the payment may still confirm the order.
 */
export const undecidedReason = "payment_undecided";

export function isUndecided({ status, reason }: { status: Status; reason: string | null }): boolean {
  return status === "PAYMENT_PENDING" && reason === undecidedReason;
}

export type Step = keyof typeof steps;

type Transition = {
  from: readonly Status[];
  /** It starts where the payment of an order without units is undecided, and only there. */
  whileUndecided?: true;
  to: Status;
  /** What becomes of the units that the order's reservation committed. */
  outcome?: "sold" | "released";
};

/** In the books, and at no end. */
export const openStatuses: readonly Status[] = ["INVENTORY_RESERVED", "PAYMENT_PENDING"];
const undecided = { from: ["PAYMENT_PENDING"], whileUndecided: true } as const;

const steps = {
  request_payment: { from: ["INVENTORY_RESERVED"], to: "PAYMENT_PENDING" },
  confirm: { from: openStatuses, to: "CONFIRMED", outcome: "sold" },
  fail: { from: openStatuses, to: "FAILED", outcome: "released" },
  cancel: { from: openStatuses, to: "CANCELLED", outcome: "released" },
  /** Out of time, and the provider is still deciding. */
  lapse: { from: openStatuses, to: "PAYMENT_PENDING", outcome: "released" },
  /** Paid after its time, and there were units: see restore.ts, which takes the step. */
  restore: { ...undecided, to: "CONFIRMED" },
  fail_undecided: { ...undecided, to: "FAILED" },
  cancel_undecided: { ...undecided, to: "CANCELLED" },
  /** Its units stay sold: where they come back into stock, they are entered as any that come in. */
  refund: { from: ["CONFIRMED"], to: "REFUNDED" },
} as const satisfies Record<string, Transition>;

export function transition(step: Step): Transition {
  return steps[step];
}
