/**
 * Applies the gate's rules: state and command in, answer out. No clock, no randomness, no I/O; a function changes only
 * its state argument. It is the embedded gate itself, the model for the Lua scripts, and the core of the simulation.
 *
 * Reserve, mark, claim, abort and adopt keep `sellable + pending`; applying stream row `seq` makes it `availableAfter`
 * of that row. Reconcile depends on these two laws.
 */
import type {
  AbortAnswer,
  AdoptAnswer,
  ApplyAnswer,
  ClaimVoidAnswer,
  GateImage,
  GateRecord,
  MarkAnswer,
  Reservation,
  ReservationRef,
  ReserveAnswer,
  ReserveRequest,
  StreamItem,
  StreamRow,
} from "./gate.ts";
import { duplicateOf, forgetOldKeys, remember, reservationOf } from "./keys.ts";
import { latchIfNothingIsLeft } from "./latch.ts";
import { boundLease, giveLease } from "./lease.ts";
import { type Refused, refusalOf } from "./refusals.ts";
import { limitOf, newerSale } from "./sale.ts";
import { changeHeld, type GateState, isTracked, isUndecided, isWhole, type ProductGate, productFrom } from "./state.ts";

/** `gateMs` is the gate's own clock: by it alone a drop opens and closes, whichever process asks. */
export function reserve(state: GateState, request: ReserveRequest, gateMs: number): ReserveAnswer {
  const product = state.get(request.productId);
  if (!product) return { kind: "refused", reason: "absent" };
  if (!isWhole(product)) return { kind: "refused", reason: "closed" };
  forgetOldKeys(product, request.nowMs);
  boundLease(product, gateMs);
  const seen = duplicateOf(product, request);
  if (seen) return seen;
  if (product.open) latchIfNothingIsLeft(product, gateMs);
  const refused = refusedBy(product, request, gateMs);
  // A retry of an accepted order gets its order, also once the drop is over, all is sold or its own units fill the limit.
  const mayBeKnown = request.bodyHash !== "" && product.keysInBooks && request.newIn !== product.epoch;
  if (mayBeKnown && product.open) return { kind: "ask_books", epoch: product.epoch };
  if (refused?.reason === "sold_out" && request.leases && request.pass === undefined) {
    const leasedSinceMs = giveLease(product, gateMs);
    if (leasedSinceMs !== undefined) return { ...refused, leasedSinceMs };
  }
  if (refused) return refused;

  const reservation: Reservation = {
    productId: request.productId,
    orderId: request.orderId,
    epoch: product.epoch,
    reservationNo: product.lastReservationNo + 1,
    userId: request.withdrawal ? "" : request.userId,
    quantity: request.quantity,
    unitPriceMinor: product.offer?.unitPriceMinor ?? 0,
    currency: product.offer?.currency ?? "",
    priceVersion: product.offer?.version ?? 0,
    limitPerCustomer: product.offer && limitOf(product.offer.limitPerCustomer, product.sale),
    bodyHash: request.bodyHash,
    reservedAtMs: request.nowMs,
    // Counted by the clock that ends it: deadlines are compared with the books' clock, not with the gate's.
    payByMs: product.sale ? request.nowMs + product.sale.holdMs : request.payByMs,
  };
  product.lastReservationNo += 1;
  product.sellable -= request.quantity;
  product.pending += request.quantity;
  product.records.set(request.orderId, { ...reservation, state: "pending", shared: false });
  changeHeld(product, reservation.userId, request.quantity);
  latchIfNothingIsLeft(product, gateMs);
  return { kind: "reserved", reservation };
}

function refusedBy(product: ProductGate, request: ReserveRequest, clockMs: number): Refused | undefined {
  const refused = refusalOf(product, request, clockMs);
  if (!refused || !request.tells || request.withdrawal) return refused;
  const { epoch, applied, sellable, pending } = product;
  const held = product.held.get(request.userId) ?? 0;
  return { ...refused, told: { epoch, applied, sellable, pending, held, clockMs } };
}

export function mark(state: GateState, ref: ReservationRef): MarkAnswer {
  const product = state.get(ref.productId);
  if (!product || product.epoch !== ref.epoch || !isTracked(product)) return "stale";
  const record = recordOf(product, ref);
  if (!record) return "gone";
  switch (record.state) {
    case "pending":
      record.state = "published";
      return "published";
    case "published":
      return "published";
    case "claimed":
      remember(product, record);
      return "published";
    case "refused":
      product.records.delete(ref.orderId);
      return "refused";
    case "voiding":
      return "voiding";
  }
}

export function claimVoid(state: GateState, ref: ReservationRef): ClaimVoidAnswer {
  const product = state.get(ref.productId);
  if (!product || product.epoch !== ref.epoch || !isTracked(product)) return "stale";
  const record = recordOf(product, ref);
  if (!record) return "gone";
  if (record.state === "pending") record.state = "voiding";
  return record.state;
}

export function abort(state: GateState, ref: ReservationRef): AbortAnswer {
  const product = state.get(ref.productId);
  const record = product && product.epoch === ref.epoch && isWhole(product) ? recordOf(product, ref) : undefined;
  if (!product || !record || record.state !== "pending" || record.shared) return "kept";
  giveBack(product, record);
  return "aborted";
}

export function adopt(state: GateState, productId: string, orderId: string, nowMs: number): AdoptAnswer {
  const product = state.get(productId);
  const record = product?.records.get(orderId);
  if (!product || !isTracked(product) || record?.state !== "pending") return { kind: "refused" };
  // Taken again: the sweeper, which starts at the oldest, leaves it time to be published.
  product.records.delete(orderId);
  product.records.set(orderId, { ...record, shared: true, reservedAtMs: nowMs });
  return { kind: "adopted", reservation: reservationOf(record) };
}

export function apply(state: GateState, row: StreamRow): ApplyAnswer {
  const product = state.get(row.productId);
  if (!product || row.epoch !== product.epoch) return { kind: "refused" };
  if (row.seq <= product.applied) return { kind: "duplicate" };
  if (row.seq > product.applied + 1) return { kind: "gap", applied: product.applied };
  if (row.kind === "rebuild" || !isWhole(product)) return { kind: "refused" };
  for (const item of row.items) applyItem(product, item);
  product.sellable += row.added;
  product.applied = row.seq;
  const drift = product.sellable + product.pending - row.availableAfter;
  if (drift === 0 && product.sellable >= 0) return { kind: "applied" };
  product.open = false;
  return { kind: "drifted", drift };
}

function applyItem(product: ProductGate, item: StreamItem): void {
  if (item.effect === "released") {
    product.sellable += item.quantity;
    changeHeld(product, item.userId, -item.quantity);
    return;
  }
  const claimed = item.effect === "claimed" || item.effect === "withdrawn";
  const record = product.records.get(item.orderId);
  if (record?.reservationNo !== item.reservationNo || !isUndecided(record)) {
    // Unknown here, yet sold by the books.
    if (!claimed) return;
    product.sellable -= item.quantity;
    changeHeld(product, item.userId, item.quantity);
    return;
  }
  product.pending -= record.quantity;
  if (!claimed) {
    product.sellable += record.quantity;
    changeHeld(product, record.userId, -record.quantity);
  }
  // A duplicate's key belongs to the existing order; a refusal's key is free again.
  const accepted = claimed || item.effect === "duplicate";
  // A process that is about to mark a pending record must still learn its fate.
  if (record.state === "pending") record.state = accepted ? "claimed" : "refused";
  else if (accepted) remember(product, record);
  else product.records.delete(item.orderId);
}

export function install(state: GateState, image: GateImage, closing?: string): "open" | "stale" {
  const loaded = state.get(image.productId);
  if (loaded && loaded.epoch >= image.epoch) return "stale";
  // Of two rebuilds at once the later one waits for the earlier one's orders, so the earlier one may not open.
  if (closing === undefined ? loaded : loaded?.closing !== closing) return "stale";
  // Terms that were told after the closing may be newer than those of the image, which was read before.
  const sale = newerSale(image.sale, loaded?.sale ?? null);
  // The gate may have latched for units whose orders never came into the books.
  const latchedIn = image.latchedIn ?? loaded?.latchedIn ?? null;
  // Processes that were given the lease answer by it until it ends.
  state.set(image.productId, { ...productFrom(image), sale, latchedIn, soldOut: loaded?.soldOut ?? null });
  return "open";
}

/** `closing` is a new name. */
export function close(state: GateState, productId: string, closing: string, seenEpoch?: number): "closed" | "open" {
  const product = state.get(productId) ?? { ...productFrom(nothingOf(productId)), parts: new Set() };
  if (product.open && state.has(productId) && seenEpoch !== undefined && product.epoch > seenEpoch) return "open";
  product.open = false;
  product.closing = closing;
  // Later terms are kept for the image; earlier ones are in the books, from which the image is read.
  product.sale = null;
  state.set(productId, product);
  return "closed";
}

function nothingOf(productId: string): GateImage {
  const nothing = { offer: null, sale: null, latchedIn: null, retired: [], held: [], keysInBooks: false };
  return { productId, epoch: 0, sellable: 0, applied: 0, ...nothing };
}

export function forget(state: GateState, ref: ReservationRef): void {
  const product = state.get(ref.productId);
  const record = product?.epoch === ref.epoch && isTracked(product) ? recordOf(product, ref) : undefined;
  if (!product || !record) return;
  if (record.state === "claimed") remember(product, record);
  if (record.state === "refused") product.records.delete(ref.orderId);
}

function recordOf(product: ProductGate, ref: ReservationRef): GateRecord | undefined {
  const record = product.records.get(ref.orderId);
  return record?.reservationNo === ref.reservationNo ? record : undefined;
}

function giveBack(product: ProductGate, record: GateRecord): void {
  product.sellable += record.quantity;
  product.pending -= record.quantity;
  changeHeld(product, record.userId, -record.quantity);
  product.records.delete(record.orderId);
}
