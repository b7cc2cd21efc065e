/** Describes automatic repairs and their reasons: a repair without a trace hides its cause. */
import type { Sql } from "#engines/sql";
import { plural } from "#platform/plural";
import { readFigures } from "../books/figures.ts";
import type { Gate, GateRecord, ProductSnapshot, StreamRow } from "../gate/gate.ts";
import { explainDrift } from "./attribute.ts";
import type { Compared } from "./compare.ts";
import type { BooksFigures } from "./reconcile.ts";

export type RepairReason =
  /** The gate did not have the product: its memory was lost, or its process has just started. */
  | "not_loaded"
  | "closed"
  /** The gate closed the product, because after a change it counted other units than the books. */
  | "closed_itself"
  /** Only one key of the product was lost, or the records do not hold the units in flight. */
  | "incomplete"
  | "other_epoch"
  | "ahead"
  /** The gate had terms of a sale that the books do not know: the books were put back from a backup. */
  | "sale_ahead"
  /** The same of a price. */
  | "price_ahead"
  /** Gate and books counted differently. */
  | "drift"
  /** Units were in flight without a record, so nothing would ever have ended them. */
  | "no_records"
  /** Units were taken for an order, and the process died before the log had it. */
  | "abandoned"
  /** An accepted order was not in the log: it is decided from the gate's record. */
  | "lost_by_log";

export type Repair = {
  reason: RepairReason;
  productId: string;
  /** Units: the gate's surplus (or, if negative, its shortage), or the units of an order. */
  units: number;
  says: string;
};

export type OnRepaired = (repairs: readonly Repair[]) => void;

/** Why these products are about to be loaded again; those that agree by now are left out. */
export async function reasonsToRebuild(
  deps: { sql: Sql; gate: Gate },
  { wrong: productIds, ahead }: Pick<Compared, "wrong" | "ahead">,
): Promise<Repair[]> {
  const snapshots = new Map((await deps.gate.snapshot(productIds)).map((one) => [one.productId, one]));
  const applied = new Map([...snapshots.values()].map((one) => [one.productId, one.applied]));
  const books = await readFigures(deps.sql, [...snapshots.keys()], applied);
  const repairs = productIds.filter((productId) => !snapshots.has(productId)).map(notLoaded);
  for (const one of books) {
    const snapshot = snapshots.get(one.productId) as ProductSnapshot;
    const found = reasonOf(one, snapshot) ?? reasonOfTerms(snapshot, ahead.get(one.productId));
    if (!found) continue;
    const why =
      found.reason === "drift"
        ? `; ${await explainDrift(deps, snapshot, found.units).catch((error) => `not looked into: ${error}`)}`
        : "";
    repairs.push({ ...found, productId: one.productId, says: found.says + why });
  }
  return repairs;
}

function notLoaded(productId: string): Repair {
  return { reason: "not_loaded", productId, units: 0, says: "the gate did not have it" };
}

type Reason = Omit<Repair, "productId"> | undefined;

function reasonOfTerms({ offer, sale }: ProductSnapshot, reason: "price_ahead" | "sale_ahead" | undefined): Reason {
  if (!reason) return undefined;
  const [version, what] =
    reason === "price_ahead" ? [offer?.version, "the price"] : [sale?.version, "the terms of the sale"];
  return { reason, units: 0, says: `the gate had version ${version} of ${what}, which the books do not have` };
}

function reasonOf(books: BooksFigures, gate: ProductSnapshot): Reason {
  if (gate.epoch !== books.epoch) {
    return {
      reason: "other_epoch",
      units: 0,
      says: `the gate was of epoch ${gate.epoch}, the books of ${books.epoch}`,
    };
  }
  if (gate.applied > books.seq) {
    return { reason: "ahead", units: 0, says: `the gate knew change ${gate.applied}, the books end at ${books.seq}` };
  }
  if (gate.sale && gate.sale.version > (books.saleVersion ?? -1)) {
    const says = `the gate had version ${gate.sale.version} of the terms of the sale, the books ${books.saleVersion ?? "none"}`;
    return { reason: "sale_ahead", units: 0, says };
  }
  const availableAfter = books.availableAfterApplied ?? 0;
  const units = gate.sellable + gate.pending - availableAfter;
  if (units !== 0) {
    const has = `the gate had ${gate.sellable} to sell + ${gate.pending} in flight`;
    return { reason: "drift", units, says: `${has}, the books had ${availableAfter} after change ${gate.applied}` };
  }
  if (!gate.whole && gate.epoch > 0) {
    return { reason: "incomplete", units: 0, says: "a part of what the gate kept of it was gone" };
  }
  if (gate.pending > 0 && gate.oldestMs === null) {
    return {
      reason: "no_records",
      units: gate.pending,
      says: `${plural(gate.pending, "unit was", "units were")} in flight without a record`,
    };
  }
  return gate.open ? undefined : { reason: "closed", units: 0, says: "the gate was closed for it" };
}

export function closedItself({ productId, seq, availableAfter }: StreamRow, drift: number): Repair {
  const says = `after change ${seq} the gate had ${plural(availableAfter + drift, "unit", "units")} where the books have ${availableAfter}`;
  return { reason: "closed_itself", productId, units: drift, says };
}

export function abandoned({ productId, orderId, quantity }: GateRecord): Repair {
  const says = `order ${orderId} was never handed to the log, or not known to be: its units go by what the books say`;
  return { reason: "abandoned", productId, units: quantity, says };
}

export function lostByLog({ productId, orderId, quantity }: GateRecord): Repair {
  const says = `order ${orderId} was accepted and the log does not have it: decided from the gate's record`;
  return { reason: "lost_by_log", productId, units: quantity, says };
}
