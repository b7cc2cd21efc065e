/** The terms of the product, where a setting puts it in a drop. The model's clock stands at 0. */
import type { Sale } from "../../src/inventory/gate/gate.ts";

export const openSale: Sale = {
  dropId: "lamps",
  opensAtMs: 0,
  closesAtMs: 1,
  paused: false,
  entry: "open" as const,
  latchAfterSoldOut: false,
  holdMs: 60_000,
  limitPerPerson: null,
  version: 1,
};
