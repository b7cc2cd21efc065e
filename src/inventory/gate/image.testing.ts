/** A product's image and the terms of its sale for tests: a case says only what it is about. */
import type { GateImage, Sale } from "./gate.ts";

/** As a first rebuild makes it: without units, a price, terms or buyers. */
export function imageOf(productId: string, change: Partial<GateImage> = {}): GateImage {
  return {
    productId,
    epoch: 1,
    sellable: 0,
    applied: 0,
    offer: null,
    sale: null,
    held: [],
    latchedIn: null,
    retired: [],
    keysInBooks: false,
    ...change,
  };
}

/** A sale that is open by every clock. */
export const openSale: Sale = {
  dropId: "lamps",
  opensAtMs: 0,
  closesAtMs: 1e14,
  paused: false,
  entry: "open",
  latchAfterSoldOut: false,
  holdMs: 60_000,
  limitPerPerson: null,
  version: 1,
};
