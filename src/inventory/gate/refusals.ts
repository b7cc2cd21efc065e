/** Why a request gets no units. Pure, and a part of the reducer's one step. */
import type { ReserveAnswer, ReserveRequest } from "./gate.ts";
import { isLeased } from "./lease.ts";
import { isRetired } from "./retired.ts";
import { isLatched, limitOf, lineBehind, saleRefusalOf } from "./sale.ts";
import type { ProductGate } from "./state.ts";

export type Refused = Extract<ReserveAnswer, { kind: "refused" }>;

/** `gateMs` is the gate's own clock. A request that was seen before has its answer already and does not come here. */
export function refusalOf(product: ProductGate, request: ReserveRequest, gateMs: number): Refused | undefined {
  if (!product.open) return { kind: "refused", reason: "closed" };
  const { quantity, expectedTotalMinor: expected } = request;
  if (request.withdrawal) return product.sellable < quantity ? { kind: "refused", reason: "sold_out" } : undefined;
  if (isRetired(product, request.orderId, request.nowMs)) return { kind: "refused", reason: "pass_invalid" };
  const { offer, sale } = product;
  const hasLatched = isLatched(sale, product.latchedIn);
  const ofSale = saleRefusalOf(sale, request, hasLatched, gateMs);
  if (ofSale) return { kind: "refused", ...ofSale };
  if (!offer) return { kind: "refused", reason: "no_offer" };
  if (expected !== null && expected !== offer.unitPriceMinor * quantity) {
    return { kind: "refused", reason: "price_changed" };
  }
  // Neither holds back an order whose turn has come, nor one that was accepted in time.
  const isKeptFrom = request.pass === undefined && !request.ignoresSale && (hasLatched || isLeased(product, gateMs));
  if (product.sellable < quantity || isKeptFrom) {
    const lineOf = lineBehind(sale, hasLatched);
    return { kind: "refused", reason: "sold_out", ...(lineOf !== undefined && { lineOf }) };
  }
  const held = product.held.get(request.userId) ?? 0;
  const limit = limitOf(offer.limitPerCustomer, sale);
  return limit !== null && held + quantity > limit ? { kind: "refused", reason: "limit_per_customer" } : undefined;
}
