/**
 * The keys of orders at the gate: a repeat gets the order of the first request, and a retired key gets none. Pure, and a
 * part of the reducer.
 */
import type { GateRecord, Reservation, ReserveAnswer, ReserveRequest, RetireAnswer } from "./gate.ts";
import { forgetOldRetired } from "./retired.ts";
import { type GateState, isWhole, type ProductGate } from "./state.ts";

/** How long the gate keeps the answer to a keyed request. The books keep it for good. */
export const keyLifetimeMs = 24 * 60 * 60 * 1000;

export function duplicateOf(
  product: ProductGate,
  request: Pick<ReserveRequest, "orderId" | "bodyHash" | "nowMs">,
): ReserveAnswer | undefined {
  const record = product.records.get(request.orderId);
  const reservation = record ? reservationOf(record) : product.keys.get(request.orderId);
  if (!reservation || (!record && reservation.reservedAtMs <= request.nowMs - keyLifetimeMs)) return undefined;
  const state = record?.state ?? "accepted";
  return { kind: "duplicate", state, reservation, sameBody: reservation.bodyHash === request.bodyHash };
}

/** Retires the key of an order that was never seen: an exchanged pass. */
export function retire(
  state: GateState,
  productId: string,
  orderId: string,
  untilMs: number,
  nowMs: number,
): RetireAnswer {
  const product = state.get(productId);
  if (!product?.open || !isWhole(product)) return "closed";
  if (duplicateOf(product, { orderId, bodyHash: "", nowMs })) return "spent";
  forgetOldRetired(product, nowMs);
  product.retired.set(orderId, untilMs);
  return "retired";
}

/** The record of an accepted order goes: from now on its key alone answers a repeat. */
export function remember(product: ProductGate, record: GateRecord): void {
  product.records.delete(record.orderId);
  if (record.bodyHash !== "") product.keys.set(record.orderId, reservationOf(record));
}

export function forgetOldKeys(product: ProductGate, nowMs: number): void {
  for (const [orderId, { reservedAtMs }] of product.keys) {
    if (reservedAtMs > nowMs - keyLifetimeMs) return;
    product.keys.delete(orderId);
  }
}

export function reservationOf({ state: _state, shared: _shared, ...reservation }: GateRecord): Reservation {
  return reservation;
}
