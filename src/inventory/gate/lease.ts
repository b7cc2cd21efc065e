/**
 * The lease of "sold out": until it ends the gate gives no units of the product to orders without a pass, even if some come
 * free. So a process that was given it answers `sold_out` by itself, and its answer is the gate's. Pure, and a part of the
 * reducer.
 */
import { isLatched } from "./sale.ts";
import type { ProductGate } from "./state.ts";

/** Units that come free are sold so much later at most; `reserve.lua` has the same figure. */
export const soldOutLeaseMs = 60;

export function isLeased({ soldOut }: ProductGate, gateMs: number): boolean {
  return soldOut !== null && gateMs < soldOut.untilMs;
}

/** Before the gate's clock was set back a lease was given that ends later, by that clock, than any that is given now. */
export function boundLease({ soldOut }: ProductGate, gateMs: number): void {
  if (soldOut) soldOut.untilMs = Math.min(soldOut.untilMs, gateMs + soldOutLeaseMs);
}

/** Whether an order without a pass may get units, so that a lease would keep it from them. */
export function hasUnitsForAll({ sellable, sale, latchedIn }: ProductGate): boolean {
  return sellable > 0 && !isLatched(sale, latchedIn);
}

/**
 * Returns the beginning of the lease; undefined if units are left. It is that of the last lease, also if that one has ended
 * meanwhile, as long as no order has taken units since: what a process knew then about the orders of the product still
 * holds.
 */
export function giveLease(product: ProductGate, gateMs: number): number | undefined {
  if (hasUnitsForAll(product)) return undefined;
  const takenAt = `${product.epoch}|${product.lastReservationNo}`;
  const goesOn = product.soldOut && (isLeased(product, gateMs) || product.soldOut.takenAt === takenAt);
  const sinceMs = goesOn ? (product.soldOut?.sinceMs ?? gateMs) : gateMs;
  product.soldOut = { sinceMs, untilMs: gateMs + soldOutLeaseMs, takenAt };
  return sinceMs;
}
