/** The terms of a product's sale, price and times: the books send them in any order, and the newest win. */
import type { Offer } from "./gate.ts";
import { newerSale, type Sale } from "./sale.ts";
import type { GateState } from "./state.ts";

export function setOffer(state: GateState, productId: string, offer: Offer): void {
  const product = state.get(productId);
  if (product && (product.offer === null || offer.version > product.offer.version)) product.offer = offer;
}

/** A closed product takes it too: the image that opens it may have been read before. */
export function setSale(state: GateState, productId: string, sale: Sale): "set" | "absent" {
  const product = state.get(productId);
  if (!product) return "absent";
  product.sale = newerSale(product.sale, sale);
  return "set";
}
