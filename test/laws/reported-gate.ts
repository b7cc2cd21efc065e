/** Reads the gate from the report of a reconciliation: a gate in a process's memory can be read by that process alone. */
import type { Reconciliation } from "../support/client.ts";
import type { GateReading } from "./evidence.ts";

export function reportedGate({ products }: Reconciliation, productIds: readonly string[]): GateReading[] {
  return products
    .filter(({ productId }) => productIds.includes(productId))
    .map(({ productId, gate, inFlight }) => ({
      productId,
      isOpen: gate !== null,
      sellable: gate ?? 0,
      pending: inFlight,
      records: undefined,
      epoch: undefined,
      applied: undefined,
      price: undefined,
    }));
}
