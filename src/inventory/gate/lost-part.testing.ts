/** Deletes a part of a product in the memory gate, for tests. */
import type { Part, ProductGate } from "./state.ts";

/** Like a server that deletes one key: memory by itself loses everything or nothing. */
export function losePart(product: ProductGate, part: Part): void {
  product.parts = new Set([...product.parts].filter((one) => one !== part));
  if (part !== "ages") product[part].clear();
}
