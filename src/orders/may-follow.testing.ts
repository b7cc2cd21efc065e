/**
 * Says what people may be told after a status, for the laws of simulation and crash tests: written apart from the
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

/** Holds where the buyer does not order anew under the same key. */
export function mayFollow(before: Status, after: Status): boolean {
  return before === after || next[before].includes(after);
}
