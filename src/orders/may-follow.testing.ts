/**
 * Lists the statuses that may follow a status, for the laws of simulation and crash tests: written independently of the
 * steps.
 */
import type { Status } from "./wire.ts";

const next: Record<Status, readonly Status[]> = {
  PENDING: ["INVENTORY_RESERVED", "FAILED"],
  INVENTORY_RESERVED: ["PAYMENT_PENDING", "CONFIRMED", "FAILED", "CANCELLED"],
  PAYMENT_PENDING: ["CONFIRMED", "FAILED", "CANCELLED"],
  CONFIRMED: ["REFUNDED"],
  FAILED: [],
  CANCELLED: [],
  REFUNDED: [],
};

/** Applies if the buyer does not order again under the same key. */
export function mayFollow(before: Status, after: Status): boolean {
  return before === after || next[before].includes(after);
}
