/** A bug that is done to the stores after a healthy run, and the evidence that it is done to. */
import type { Queryable } from "#engines/sql";
import type { Evidence } from "../laws/evidence.ts";

export type Planting = {
  /** The only law that may report. */
  law: string;
  bug: string;
  /** The evidence outside of the database: the gate's contents, and the answers to clients. */
  plant(books: Queryable, healthy: Evidence): Promise<Partial<Evidence> | undefined>;
};

/** The evidence about one product. */
export function onlyOf(evidence: Evidence, productId: string): Evidence {
  const only = <T extends { productId: string }>(rows: readonly T[]) =>
    rows.filter((one) => one.productId === productId);
  const orders = only(evidence.orders);
  const ids = new Set(orders.map(({ orderId }) => orderId));
  const byOrder = <T extends { orderId: string }>(rows: readonly T[]) => rows.filter(({ orderId }) => ids.has(orderId));
  return {
    ...evidence,
    orders,
    stock: only(evidence.stock),
    entries: only(evidence.entries),
    stream: only(evidence.stream),
    decisions: only(evidence.decisions),
    outcomes: only(evidence.outcomes),
    queued: only(evidence.queued),
    holdings: only(evidence.holdings),
    gate: only(evidence.gate),
    terms: only(evidence.terms),
    lines: evidence.lines.filter(({ passes }) => passes.some((pass) => pass.productId === productId)),
    samples: only(evidence.samples),
    wishes: only(evidence.wishes),
    history: byOrder(evidence.history),
    refunds: byOrder(evidence.refunds),
    payments: byOrder(evidence.payments),
  };
}
