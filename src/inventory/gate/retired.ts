/**
 * Retired keys: a pass that was exchanged for one of another product can never make an order again. `retire` and `reserve`
 * are steps of one gate, so of an exchange and a use of the same pass one comes first. Pure, and a part of the reducer.
 */
import type { ProductGate } from "./state.ts";

/**
 * A key stays retired so much longer than its pass lasts, since processes that read the pass have clocks that differ;
 * `shared.lua` has the same figure.
 */
export const retiredAfterMs = 5 * 60_000;

export function isRetired({ retired }: ProductGate, orderId: string, nowMs: number): boolean {
  const untilMs = retired.get(orderId);
  return untilMs !== undefined && nowMs < untilMs + retiredAfterMs;
}

export function forgetOldRetired({ retired }: ProductGate, nowMs: number): void {
  for (const [orderId, untilMs] of retired) if (untilMs + retiredAfterMs <= nowMs) retired.delete(orderId);
}
