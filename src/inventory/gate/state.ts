/** What the gate remembers. Maps keep insertion order, which is order of time: the oldest record comes first. */
import type { GateImage, GateRecord, Price, ProductSnapshot, Reservation } from "./gate.ts";

/** What is kept of a request under an Idempotency-Key, so that its retry gets the first one's answer. */
export type KeyEntry = { reservation: Reservation; accepted: boolean };

export type ProductGate = {
  open: boolean;
  /** What the last `close` answered, until an image is loaded. */
  closing: string;
  epoch: number;
  /** Units that may still be reserved. */
  sellable: number;
  /** Units in records that are pending, published or voiding. */
  pending: number;
  /** The last stream row applied. */
  applied: number;
  lastN: number;
  price: Price | null;
  keysInBooks: boolean;
  records: Map<string, GateRecord>;
  held: Map<string, number>;
  keys: Map<string, KeyEntry>;
};

export type GateState = Map<string, ProductGate>;

export function isUndecided(record: GateRecord): boolean {
  return record.state === "pending" || record.state === "published" || record.state === "voiding";
}

export function productFrom(image: GateImage): ProductGate {
  return {
    open: true,
    closing: "",
    epoch: image.epoch,
    sellable: image.sellable,
    pending: 0,
    applied: image.applied,
    lastN: 0,
    price: image.price,
    keysInBooks: image.keysInBooks,
    records: new Map(),
    held: new Map(image.held),
    keys: new Map(),
  };
}

export function snapshotOf(productId: string, product: ProductGate): ProductSnapshot {
  const oldest = product.records.values().next().value;
  const { open, epoch, sellable, pending, applied, price } = product;
  return { productId, open, epoch, sellable, pending, applied, price, oldestMs: oldest?.reservedAtMs ?? null };
}

/** Adds to (or takes from) the units a customer holds; withdrawals have no customer. */
export function changeHeld(product: ProductGate, userId: string, by: number): void {
  if (userId === "") return;
  const held = (product.held.get(userId) ?? 0) + by;
  if (held === 0) product.held.delete(userId);
  else product.held.set(userId, held);
}
