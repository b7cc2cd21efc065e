/** Describes the gate's memory. Maps keep insertion order, which is order of time: the oldest record comes first. */
import type { GateImage, GateRecord, Offer, ProductContents, ProductSnapshot, Reservation, Sale } from "./gate.ts";
import { isLatched } from "./sale.ts";

/** The parts of a product beside its figures; on Redis each part is a key of its own, and may be lost alone. */
export type Part = "records" | "ages" | "held";
const allParts: ReadonlySet<Part> = new Set(["records", "ages", "held"]);

/**
 * By the gate's clock. A lease that is given again keeps its beginning if it has not ended, or if no order took units since:
 * `takenAt` is epoch and number of the last reservation. See lease.ts.
 */
type SoldOutLease = { sinceMs: number; untilMs: number; takenAt: string };

export type ProductGate = {
  open: boolean;
  /** The existing parts, of this epoch. None if nothing was ever loaded. */
  parts: ReadonlySet<Part>;
  /** The answer of the last `close`, until an image is loaded. */
  closing: string;
  epoch: number;
  /** Units that may still be reserved. */
  sellable: number;
  /** Units in records that are pending, published or voiding. */
  pending: number;
  /** The last stream row applied. */
  applied: number;
  lastReservationNo: number;
  offer: Offer | null;
  sale: Sale | null;
  /** The drop in which it was latched. */
  latchedIn: string | null;
  soldOut: SoldOutLease | null;
  keysInBooks: boolean;
  records: Map<string, GateRecord>;
  held: Map<string, number>;
  /** Accepted requests under an Idempotency-Key whose records have gone, so that a retry gets the first one's answer. */
  keys: Map<string, Reservation>;
  /** Keys under which no order is placed any more, each with the end of its pass. */
  retired: Map<string, number>;
};

export type GateState = Map<string, ProductGate>;

export function isUndecided(record: GateRecord): boolean {
  return record.state === "pending" || record.state === "published" || record.state === "voiding";
}

/** Whether records are found and can be ended. */
export function isTracked({ parts }: ProductGate): boolean {
  return parts.has("records") && parts.has("ages");
}

export function isWhole(product: ProductGate): boolean {
  return isTracked(product) && product.parts.has("held");
}

export function productFrom(image: GateImage): ProductGate {
  return {
    open: true,
    parts: allParts,
    closing: "",
    epoch: image.epoch,
    sellable: image.sellable,
    pending: 0,
    applied: image.applied,
    lastReservationNo: 0,
    offer: image.offer,
    sale: image.sale,
    latchedIn: image.latchedIn,
    soldOut: null,
    keysInBooks: image.keysInBooks,
    records: new Map(),
    held: new Map(image.held),
    keys: new Map(),
    retired: new Map(image.retired),
  };
}

export function snapshotOf(productId: string, product: ProductGate): ProductSnapshot {
  const whole = isWhole(product);
  const oldest = whole ? product.records.values().next().value : undefined;
  const { open, epoch, sellable, pending, applied, offer, sale, closing } = product;
  const oldestMs = oldest?.reservedAtMs ?? null;
  const figures = { epoch, sellable, pending, applied, offer, sale, latched: isLatched(sale, product.latchedIn) };
  return { productId, open: open && whole, whole, ...figures, oldestMs, closing };
}

export function contentsOf(product: ProductGate): ProductContents | undefined {
  if (!isWhole(product)) return undefined;
  const { epoch, applied, pending, records, held } = product;
  return { epoch, applied, pending, records: Array.from(records.values(), (one) => ({ ...one })), held: new Map(held) };
}

/** Adds to (or takes from) the units a customer holds; withdrawals have no customer. */
export function changeHeld(product: ProductGate, userId: string, by: number): void {
  if (userId === "") return;
  const held = (product.held.get(userId) ?? 0) + by;
  if (held === 0) product.held.delete(userId);
  else product.held.set(userId, held);
}
