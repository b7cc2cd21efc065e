/**
 * Decides the fate of a reservation, once. Pure: the state of the books goes in, the rows to write come out. The caller
 * holds the product's row locked from reading to commit, so the decisions of one product happen one after another,
 * whichever part makes them: the consumer, the sweeper's void, an order without the gate, or an admin's withdrawal.
 */
import type { Effect, Fate, ReservationRef, StreamItem } from "../gate/gate.ts";

export type Claim = ReservationRef & {
  userId: string;
  quantity: number;
  limitPerCustomer: number | null;
  /**
   * The caller's intent: the units for an order that was promised them (`claim`) or not (`direct`), the reservation
   * void, or the units taken out of stock.
   */
  intent: "claim" | "direct" | "void" | "withdraw";
};

export type StandingFate = { fate: Fate; orderId: string };

/** The books' state of one product while its row is locked. */
export type ProductBooks = {
  epoch: number;
  available: number;
  /** Existing fates, by `fateKey`, and their orders. */
  fates: Map<string, StandingFate>;
  /** Existing fates of order ids under numbers that the books assigned. */
  standIns: Map<string, Fate>;
  /** The newest number that the books assigned; they count down from 0. */
  lastDirectNo: number;
  /** Order ids that the books have already, sold or refused. */
  orders: Set<string>;
  /** Units held by each customer. */
  held: Map<string, number>;
};

export type Decided = Claim & {
  fate: Fate;
  fresh: boolean;
  reason?: "sold_out" | "limit_per_customer";
  /** The gate's number, if another order's fate has it; `reservationNo` is then one that the books assigned. */
  gateReservationNo?: number;
};

export type DecidedBatch = {
  decided: Decided[];
  items: StreamItem[];
  /** Units that are no longer available. */
  claimedUnits: number;
  withdrawnUnits: number;
  /** Units by which each customer's holding grows. */
  heldBy: Map<string, number>;
  lastDirectNo: number;
};

export function fateKey(ref: Pick<ReservationRef, "epoch" | "reservationNo">): string {
  return `${ref.epoch}:${ref.reservationNo}`;
}

export function decide(books: ProductBooks, claims: readonly Claim[]): DecidedBatch {
  const fates = new Map(books.fates);
  const orders = new Set(books.orders);
  const heldBy = new Map<string, number>();
  const standIns = new Map(books.standIns);
  const batch: DecidedBatch = { decided: [], items: [], claimedUnits: 0, withdrawnUnits: 0, heldBy, lastDirectNo: 0 };
  let { available, lastDirectNo } = books;

  for (const given of claims) {
    const taken = fates.get(fateKey(given));
    const isAnothers = taken !== undefined && taken.orderId !== given.orderId;
    const standing = isAnothers ? standIns.get(given.orderId) : taken?.fate;
    if (standing) {
      batch.decided.push({
        ...given,
        fate: standing,
        fresh: false,
        ...(isAnothers && { gateReservationNo: given.reservationNo }),
      });
      continue;
    }
    // A record that no gate made has used up the number. The true order gets its fate under a number that the books
    // assign.
    if (isAnothers) lastDirectNo -= 1;
    const claim = isAnothers
      ? { ...given, reservationNo: lastDirectNo, gateReservationNo: given.reservationNo }
      : given;
    const held = (books.held.get(claim.userId) ?? 0) + (heldBy.get(claim.userId) ?? 0);
    const { fate, reason } = decideOne(books, claim, available, held, orders);
    fates.set(fateKey(claim), { fate, orderId: claim.orderId });
    if (isAnothers) standIns.set(claim.orderId, fate);
    if (fate === "claimed" || fate === "refused") orders.add(claim.orderId);
    if (fate === "claimed" || fate === "withdrawn") available -= claim.quantity;
    if (fate === "claimed") {
      batch.claimedUnits += claim.quantity;
      heldBy.set(claim.userId, (heldBy.get(claim.userId) ?? 0) + claim.quantity);
    }
    if (fate === "withdrawn") batch.withdrawnUnits += claim.quantity;
    batch.decided.push({ ...claim, fate, fresh: true, ...(reason && { reason }) });
    if (fate !== "fenced") batch.items.push(itemOf(given, fate));
  }
  batch.lastDirectNo = lastDirectNo;
  return batch;
}

function decideOne(
  books: ProductBooks,
  claim: Claim,
  available: number,
  held: number,
  orders: ReadonlySet<string>,
): { fate: Fate; reason?: "sold_out" | "limit_per_customer" } {
  if (claim.epoch !== books.epoch) return { fate: "fenced" };
  if (claim.intent === "void") return { fate: "void" };
  if (claim.intent === "withdraw") return { fate: available >= claim.quantity ? "withdrawn" : "void" };
  if (orders.has(claim.orderId)) return { fate: "duplicate" };
  // A refused order without a 202 leaves no order behind, so its key may be used again.
  const refused = claim.intent === "direct" ? "void" : "refused";
  if (available < claim.quantity) return { fate: refused, reason: "sold_out" };
  const limit = claim.limitPerCustomer;
  if (limit !== null && held + claim.quantity > limit) return { fate: refused, reason: "limit_per_customer" };
  return { fate: "claimed" };
}

function itemOf(claim: Claim, effect: Effect): StreamItem {
  const { orderId, reservationNo, userId, quantity } = claim;
  return { effect, orderId, reservationNo, userId, quantity };
}
