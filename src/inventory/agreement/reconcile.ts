/**
 * Decides whether gate and books agree, as a pure function. At every instant, under any load, the gate's sellable units
 * plus its units in flight are the units that the books had for sale after the last change that the gate applied: `gate
 * + inFlight = availableAfter[applied]`. So the comparison needs no pause and is exact.
 */
import type { ProductSnapshot } from "../gate/gate.ts";
import type { ReconcileStatus, Remedy } from "../wire.ts";
import { type Finding, remedyOf, sentenceOf, statusOf } from "./findings.ts";
import type { GateMode } from "./mode.ts";

/** The books of one product, read in one statement after the gate's snapshot was taken. */
export type BooksFigures = {
  productId: string;
  totalIn: number;
  committed: number;
  sold: number;
  epoch: number;
  seq: number;
  /** Of the terms of its sale; null outside a drop. */
  saleVersion: number | null;
  /** After the row that the gate applied last; null if the books have no such row. */
  availableAfterApplied: number | null;
  /** The age of the next change for the gate; null if there is none. */
  nextChangeAgeMs: number | null;
  /** Sums over the append-only tables; the figures above must equal them. */
  entered: number;
  claimed: number;
  releasedCounted: number;
  soldCounted: number;
  /** Outcomes that are decided and not yet counted. */
  releasedQueued: number;
  soldQueued: number;
};

export type ProductReport = {
  productId: string;
  status: ReconcileStatus;
  onHand: number;
  held: number;
  sold: number;
  inFlight: number;
  /** Units that the gate may still sell; null if the product is not loaded. */
  gate: number | null;
  drift: number;
  finding: Finding;
  remedy: Remedy;
  /** The finding as a sentence. */
  explanation: string;
};

/** Three times the age at which the sweeper checks a reservation, milliseconds. */
const oldMs = 15_000;
/** A change reaches the gate within milliseconds, and within a second after an outage. */
const onItsWayMs = 5_000;

export function reconcileProduct(
  books: BooksFigures,
  gate: ProductSnapshot | undefined,
  mode: GateMode,
  nowMs: number,
): ProductReport {
  const stock = stockOf(books);
  const drift = driftOf(books, gate);
  const finding = findingOf(books, gate, mode, drift, nowMs);
  return {
    productId: books.productId,
    status: statusOf(finding),
    onHand: stock.onHand,
    held: stock.held,
    sold: stock.sold,
    inFlight: gate?.pending ?? 0,
    gate: gate?.sellable ?? null,
    drift,
    finding,
    remedy: remedyOf(finding),
    explanation: sentenceOf(finding),
  };
}

/** What stock as people count it is made of. */
export type StockCounts = Pick<BooksFigures, "totalIn" | "committed" | "sold" | "releasedQueued" | "soldQueued">;

/** Stock as people count it: units on hand, units promised to unpaid orders, units paid for. */
export function stockOf(books: StockCounts): { onHand: number; held: number; sold: number; available: number } {
  const sold = books.sold + books.soldQueued;
  const onHand = books.totalIn - sold;
  const held = books.committed - sold - books.releasedQueued;
  return { onHand, held, sold, available: onHand - held };
}

function driftOf(books: BooksFigures, gate: ProductSnapshot | undefined): number {
  if (!gate?.open || gate.epoch !== books.epoch || books.availableAfterApplied === null) return 0;
  return gate.sellable + gate.pending - books.availableAfterApplied;
}

function findingOf(
  books: BooksFigures,
  gate: ProductSnapshot | undefined,
  mode: GateMode,
  drift: number,
  nowMs: number,
): Finding {
  const contradiction = contradictionIn(books);
  if (contradiction) return contradiction;
  // While new orders are refused the gate may be open, and its units must still agree.
  if (mode === "sync" || (mode === "closed" && !gate?.open)) return { kind: "gate_off", mode };
  if (!gate) return { kind: "not_loaded" };
  if (!gate.whole && gate.epoch > 0) return { kind: "incomplete" };
  if (!gate.open) return { kind: "closed" };
  if (gate.epoch !== books.epoch) return { kind: "other_epoch", gateEpoch: gate.epoch, booksEpoch: books.epoch };
  const { applied, pending: inFlight, sellable } = gate;
  const { availableAfterApplied: expected, seq: lastChange } = books;
  if (applied > lastChange || expected === null) return { kind: "ahead", applied, lastChange };
  const [gateVersion, booksVersion] = [gate.sale?.version ?? 0, books.saleVersion ?? 0];
  if (gateVersion > booksVersion) return { kind: "sale_ahead", gateVersion, booksVersion };
  const sums = { sellable, inFlight, expected, applied };
  if (drift !== 0) return { kind: "drift", ...sums, drift };
  if (inFlight !== 0 && gate.oldestMs === null) return { kind: "no_records", inFlight };
  const ageMs = gate.oldestMs === null ? 0 : nowMs - gate.oldestMs;
  if (ageMs > oldMs) return { kind: "undecided", ...sums, seconds: seconds(ageMs) };
  if (ageMs < -oldMs) return { kind: "from_the_future", ...sums, seconds: seconds(-ageMs) };
  if (gateVersion < booksVersion) return { kind: "sale_untold", ...sums, gateVersion, booksVersion };
  const behind = lastChange - applied;
  if (behind <= 0) return { kind: "agree", ...sums };
  const waitsMs = books.nextChangeAgeMs ?? 0;
  if (waitsMs > onItsWayMs) return { kind: "late_change", ...sums, behind, seconds: seconds(waitsMs) };
  return { kind: "behind", ...sums, behind };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

function contradictionIn(books: BooksFigures): Finding | undefined {
  const { totalIn, committed, sold, entered, claimed, releasedCounted, soldCounted } = books;
  if (committed < 0 || committed > totalIn) return { kind: "committed_beyond_stock", committed, totalIn };
  if (totalIn !== entered) return { kind: "entries_differ", totalIn, entered };
  if (committed !== claimed - releasedCounted) {
    return { kind: "claims_differ", committed, claimed, released: releasedCounted };
  }
  if (sold !== soldCounted) return { kind: "sales_differ", sold, counted: soldCounted };
  return undefined;
}

export function worstOf(reports: readonly ProductReport[]): ReconcileStatus {
  const statuses = new Set(reports.map((report) => report.status));
  if (statuses.has("CRITICAL")) return "CRITICAL";
  return statuses.has("WARNING") ? "WARNING" : "OK";
}
