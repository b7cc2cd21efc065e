/**
 * The latch: once nothing is left of a product in a drop with a list, units that come back are for orders with a pass. It is
 * set in the step that takes the last unit, so no other buyer comes before the list. Pure, and a part of the reducer.
 */
import { latchesAt } from "./sale.ts";
import type { ProductGate } from "./state.ts";

export function latchIfNothingIsLeft(product: ProductGate, gateMs: number): void {
  const { sale, sellable } = product;
  if (sale && sellable <= 0 && latchesAt(sale, gateMs)) product.latchedIn = sale.dropId;
}
