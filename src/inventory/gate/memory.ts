/**
 * Keeps the gate in this process's memory: the reducer itself, behind the port. It is lost with the process, as any
 * gate may be.
 */
import { randomUUID } from "node:crypto";
import { systemClock } from "#platform/clock";
import type { Gate, GateRecord } from "./gate.ts";
import { retire } from "./keys.ts";
import { hasUnitsForAll } from "./lease.ts";
import { abort, adopt, apply, claimVoid, close, forget, install, mark, reserve } from "./reducer.ts";
import { contentsOf, type GateState, snapshotOf } from "./state.ts";
import { setOffer, setSale } from "./terms.ts";

export type MemoryGate = Gate & {
  /** Forgets everything, like a server that lost its data. */
  lose(): void;
};

export type MemoryGateOptions = {
  nowMs?(): number;
  /** Whether it answers for a server, as in contract tests: other processes are then taken to hold its leases. */
  standsForServer?: boolean;
};

export function openMemoryGate(options: MemoryGateOptions = {}): MemoryGate {
  const { nowMs = systemClock.nowMs, standsForServer = false } = options;
  const state: GateState = new Map();

  /** No other process has a lease, so it ends with the first unit that comes free. */
  function endLeaseOf(productId: string): void {
    const product = state.get(productId);
    if (product?.soldOut && hasUnitsForAll(product)) product.soldOut = null;
  }

  return {
    async reserve(requests) {
      const gateMs = nowMs();
      return requests.map((request) => {
        if (!standsForServer) endLeaseOf(request.productId);
        return reserve(state, request, gateMs);
      });
    },
    ...(!standsForServer && {
      leasedSince(productId: string) {
        endLeaseOf(productId);
        return state.get(productId)?.soldOut?.sinceMs;
      },
    }),
    mark: async (refs) => refs.map((ref) => mark(state, ref)),
    claimVoid: async (ref) => claimVoid(state, ref),
    abort: async (ref) => abort(state, ref),
    adopt: async (productId, orderId, nowMs) => adopt(state, productId, orderId, nowMs),
    apply: async (row) => apply(state, row),
    close: async (productId, seenEpoch) => {
      const closing = randomUUID();
      return close(state, productId, closing, seenEpoch) === "open" ? "" : closing;
    },
    install: async (image, closing) => install(state, image, closing),
    setOffer: async (productId, offer) => setOffer(state, productId, offer),
    setSale: async (productId, sale) => setSale(state, productId, sale),
    retire: async (productId, orderId, untilMs, nowMs) => retire(state, productId, orderId, untilMs, nowMs),
    snapshot: async (productIds) => {
      const ids = productIds ?? [...state.keys()];
      return ids.flatMap((id) => {
        const product = state.get(id);
        return product ? [snapshotOf(id, product)] : [];
      });
    },
    recordsBefore: async (beforeMs, limit) => recordsIn(state, limit, ({ reservedAtMs }) => reservedAtMs < beforeMs),
    recordsAfter: async (afterMs, limit) => recordsIn(state, limit, ({ reservedAtMs }) => reservedAtMs > afterMs),
    records: async (productId) => copies(state.get(productId)?.records.values() ?? []),
    contents: async (productId) => {
      const product = state.get(productId);
      return product && contentsOf(product);
    },
    record: async (productId, orderId) => {
      const record = state.get(productId)?.records.get(orderId);
      return record && { ...record };
    },
    clockMs: async () => nowMs(),
    forget: async (refs) => {
      for (const ref of refs) forget(state, ref);
    },
    probe: async () => (state.size > 0 ? "ready" : "empty"),
    shutdown: async () => {},
    lose: () => state.clear(),
  };
}

/** The first record of a product may be from the future, so those behind it are looked at too. */
function recordsIn(state: GateState, limit: number, isMeant: (record: GateRecord) => boolean): GateRecord[] {
  const found: GateRecord[] = [];
  for (const product of state.values()) {
    // Of a hundred thousand products few have records, and this is asked every second.
    if (product.records.size === 0) continue;
    for (const record of product.records.values()) if (isMeant(record)) found.push(record);
  }
  const oldest = found.toSorted((a, b) => a.reservedAtMs - b.reservedAtMs).slice(0, limit);
  return oldest.map((record) => ({ ...record }));
}

function copies(records: Iterable<GateRecord>): GateRecord[] {
  return Array.from(records, (record) => ({ ...record }));
}
