/** Deletes a part of what the memory gate keeps of a product, for tests. */
import type { Part, ProductGate } from "./state.ts";

/** Does what a server does that deletes one key: memory by itself loses everything or nothing. */
export function losePart(product: ProductGate, part: Part): void {
  product.parts = new Set([...product.parts].filter((one) => one !== part));
  if (part !== "ages") product[part].clear();
}
