/** Why a request gets no units. Pure, and a part of the reducer's one step. */
import type { ReserveAnswer, ReserveRequest } from "./gate.ts";
import { isLeased } from "./lease.ts";
import { saleRefusalOf } from "./sale.ts";
import type { ProductGate } from "./state.ts";

export type Refused = Extract<ReserveAnswer, { kind: "refused" }>;

/** `gateMs` is the gate's own clock. A request that was seen before has its answer already and does not come here. */
export function refusalOf(product: ProductGate, request: ReserveRequest, gateMs: number): Refused | undefined {
  if (!product.open) return { kind: "refused", reason: "closed" };
  const { quantity, expectedTotalMinor: expected } = request;
  const soldOut = { kind: "refused", reason: "sold_out" } as const;
  if (request.withdrawal) return product.sellable < quantity ? soldOut : undefined;
  const ofSale = request.ignoresSale ? undefined : saleRefusalOf(product.sale, gateMs);
  if (ofSale) return { kind: "refused", ...ofSale };
  const { offer } = product;
  if (!offer) return { kind: "refused", reason: "no_offer" };
  if (expected !== null && expected !== offer.unitPriceMinor * quantity) {
    return { kind: "refused", reason: "price_changed" };
  }
  if (product.sellable < quantity || (!request.ignoresSale && isLeased(product, gateMs))) return soldOut;
  const held = product.held.get(request.userId) ?? 0;
  const limit = offer.limitPerCustomer;
  return limit !== null && held + quantity > limit ? { kind: "refused", reason: "limit_per_customer" } : undefined;
}
