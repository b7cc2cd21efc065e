/**
 * Do gate and books agree? Pure. At every instant, under any load, what the gate may still sell
 * plus what it has in flight is what the books had to sell after the last change the gate took in:
 * `gate + inFlight = availableAfter[applied]`. So the comparison needs no pause and knows no "roughly".
 */
import type { ProductSnapshot } from "../gate/gate.ts";
import type { GateMode } from "./mode.ts";

export type ReconcileStatus = "OK" | "WARNING" | "CRITICAL";

/** The books of one product, read in one statement after the gate's snapshot was taken. */
export type BooksFigures = {
  productId: string;
  totalIn: number;
  committed: number;
  sold: number;
  epoch: number;
  seq: number;
  /** After the row that the gate applied last; null where the books have no such row. */
  availableAfterApplied: number | null;
  /** How long ago the change was written that the gate has to apply next; null where there is none. */
  nextChangeAgeMs: number | null;
  /** Sums over the append-only tables, which the figures above must equal. */
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
  /** Units the gate may still sell; null where the product is not loaded. */
  gate: number | null;
  drift: number;
  explanation: string;
};

/** The guide's threshold, units. */
const criticalDrift = 10;
/** Three times the age at which the sweeper looks at a reservation, milliseconds. */
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
  const { status, explanation } = judge(books, gate, mode, drift, nowMs);
  return {
    productId: books.productId,
    status,
    onHand: stock.onHand,
    held: stock.held,
    sold: stock.sold,
    inFlight: gate?.pending ?? 0,
    gate: gate?.sellable ?? null,
    drift,
    explanation,
  };
}

/** What people call stock: units here, units promised to unpaid orders, units paid for. */
export function stockOf(books: BooksFigures): { onHand: number; held: number; sold: number; available: number } {
  const sold = books.sold + books.soldQueued;
  const onHand = books.totalIn - sold;
  const held = books.committed - sold - books.releasedQueued;
  return { onHand, held, sold, available: onHand - held };
}

function driftOf(books: BooksFigures, gate: ProductSnapshot | undefined): number {
  if (!gate?.open || gate.epoch !== books.epoch || books.availableAfterApplied === null) return 0;
  return gate.sellable + gate.pending - books.availableAfterApplied;
}

function judge(
  books: BooksFigures,
  gate: ProductSnapshot | undefined,
  mode: GateMode,
  drift: number,
  nowMs: number,
): { status: ReconcileStatus; explanation: string } {
  const broken = brokenBooks(books);
  if (broken) return { status: "CRITICAL", explanation: broken };
  // While new orders are refused the gate may stand open, and what it has still has to agree.
  if (mode === "sync" || (mode === "closed" && !gate?.open)) {
    return { status: "OK", explanation: `the gate is switched to ${mode}; the books agree` };
  }
  if (!gate)
    return {
      status: "WARNING",
      explanation: "the gate does not have this product, or does not answer: it sells nothing",
    };
  if (!gate.whole && gate.epoch > 0) {
    const explanation = "a part of what the gate keeps of this product is gone: it is closed until it is rebuilt";
    return { status: "WARNING", explanation };
  }
  if (!gate.open) return { status: "WARNING", explanation: "the gate is closed for this product until it is rebuilt" };
  if (gate.epoch !== books.epoch) {
    return {
      status: "CRITICAL",
      explanation: `the gate sells in epoch ${gate.epoch}, the books are at ${books.epoch}`,
    };
  }
  if (gate.applied > books.seq || books.availableAfterApplied === null) {
    return { status: "CRITICAL", explanation: `the gate knows change ${gate.applied}, the books end at ${books.seq}` };
  }
  const has = `${gate.sellable} to sell + ${gate.pending} in flight`;
  const should = `${books.availableAfterApplied} after change ${gate.applied}`;
  if (drift !== 0) {
    const status = Math.abs(drift) >= criticalDrift ? "CRITICAL" : "WARNING";
    return { status, explanation: `the gate has ${has}, the books have ${should}` };
  }
  if (gate.pending !== 0 && gate.oldestMs === null) {
    return { status: "CRITICAL", explanation: `${gate.pending} units are in flight in no record: run sync-redis` };
  }
  const ageMs = gate.oldestMs === null ? 0 : nowMs - gate.oldestMs;
  if (Math.abs(ageMs) > oldMs) {
    const seconds = Math.round(Math.abs(ageMs) / 1000);
    const how = ageMs > 0 ? `since ${seconds} s` : `and was taken ${seconds} s in the future: a clock was set back`;
    return { status: "WARNING", explanation: `a reservation is undecided ${how}; ${has} = ${should}` };
  }
  const behind = books.seq - gate.applied;
  const later = behind > 0 ? `; ${behind} later changes are on their way` : "";
  const waitsMs = books.nextChangeAgeMs ?? 0;
  if (behind > 0 && waitsMs > onItsWayMs) {
    const since = `change ${gate.applied + 1} is on its way since ${Math.round(waitsMs / 1000)} s: run sync-redis`;
    return { status: "WARNING", explanation: `${has} = ${should}${later}; ${since}` };
  }
  return { status: "OK", explanation: `${has} = ${should}${later}` };
}

function brokenBooks(books: BooksFigures): string | undefined {
  const { totalIn, committed, sold, entered, claimed, releasedCounted, soldCounted } = books;
  if (committed < 0 || committed > totalIn) return `${committed} units are committed of ${totalIn}`;
  if (totalIn !== entered) return `${totalIn} units came in, the entries add up to ${entered}`;
  if (committed !== claimed - releasedCounted) {
    return `${committed} units are committed, the ledger adds up to ${claimed} claimed - ${releasedCounted} released`;
  }
  if (sold !== soldCounted) return `${sold} units are sold, the outcomes add up to ${soldCounted}`;
  return undefined;
}

export function worstOf(reports: readonly ProductReport[]): ReconcileStatus {
  const statuses = new Set(reports.map((report) => report.status));
  if (statuses.has("CRITICAL")) return "CRITICAL";
  return statuses.has("WARNING") ? "WARNING" : "OK";
}
