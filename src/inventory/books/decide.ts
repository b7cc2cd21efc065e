/**
 * The fate of a reservation, decided once. Pure: what the books say goes in, what is to be
 * written comes out. The caller holds the product's row locked from reading to commit, so the
 * decisions of one product happen one after another, whichever part makes them: the consumer, the
 * sweeper that voids, the order placed past the gate, or the admin who withdraws.
 */
import type { Decision, ReservationRef, StreamItem } from "../gate/gate.ts";

export type Claim = ReservationRef & {
  userId: string;
  quantity: number;
  limitPerCustomer: number | null;
  /**
   * What the caller wants: the units for an order that was promised them (`claim`) or not (`direct`),
   * the reservation void, or the units taken out of stock.
   */
  intent: "claim" | "direct" | "void" | "withdraw";
};

export type Fate = { decision: Decision | "F"; orderId: string };

/** What the books say of one product while its row is locked. */
export type ProductBooks = {
  epoch: number;
  available: number;
  /** Decisions that stand, by `fateKey`, and of which order. */
  fates: Map<string, Fate>;
  /** Decisions of order ids that stand under a number of the books' own. */
  standIns: Map<string, Decision | "F">;
  /** The newest number of the books' own; they count down from 0. */
  lastDirectN: number;
  /** Order ids that stand in the books already, sold or refused. */
  orders: Set<string>;
  /** Units held by each customer. */
  held: Map<string, number>;
};

/** F: the reservation belongs to an epoch that a rebuild has ended; it has no effect on stock. */
export type Decided = Claim & {
  decision: Decision | "F";
  fresh: boolean;
  reason?: "sold_out" | "limit_per_customer";
  /** The number that the gate gave, where another order's fate stands under it; `n` is then one of the books' own. */
  gateN?: number;
};

export type Verdicts = {
  decided: Decided[];
  items: StreamItem[];
  /** Units that leave what is available. */
  claimedUnits: number;
  withdrawnUnits: number;
  /** Units by which each customer's holding grows. */
  heldBy: Map<string, number>;
  lastDirectN: number;
};

export function fateKey(ref: Pick<ReservationRef, "epoch" | "n">): string {
  return `${ref.epoch}:${ref.n}`;
}

export function decide(books: ProductBooks, claims: readonly Claim[]): Verdicts {
  const fates = new Map(books.fates);
  const orders = new Set(books.orders);
  const heldBy = new Map<string, number>();
  const standIns = new Map(books.standIns);
  const verdicts: Verdicts = { decided: [], items: [], claimedUnits: 0, withdrawnUnits: 0, heldBy, lastDirectN: 0 };
  let { available, lastDirectN } = books;

  for (const given of claims) {
    const taken = fates.get(fateKey(given));
    const isAnothers = taken !== undefined && taken.orderId !== given.orderId;
    const standing = isAnothers ? standIns.get(given.orderId) : taken?.decision;
    if (standing) {
      verdicts.decided.push({ ...given, decision: standing, fresh: false, ...(isAnothers && { gateN: given.n }) });
      continue;
    }
    // A record that no gate made has used the number up. The true order has its fate under a number of the books' own.
    if (isAnothers) lastDirectN -= 1;
    const claim = isAnothers ? { ...given, n: lastDirectN, gateN: given.n } : given;
    const held = (books.held.get(claim.userId) ?? 0) + (heldBy.get(claim.userId) ?? 0);
    const { decision, reason } = decideOne(books, claim, available, held, orders);
    fates.set(fateKey(claim), { decision, orderId: claim.orderId });
    if (isAnothers) standIns.set(claim.orderId, decision);
    if (decision === "C" || decision === "X") orders.add(claim.orderId);
    if (decision === "C" || decision === "W") available -= claim.quantity;
    if (decision === "C") {
      verdicts.claimedUnits += claim.quantity;
      heldBy.set(claim.userId, (heldBy.get(claim.userId) ?? 0) + claim.quantity);
    }
    if (decision === "W") verdicts.withdrawnUnits += claim.quantity;
    verdicts.decided.push({ ...claim, decision, fresh: true, ...(reason && { reason }) });
    if (decision !== "F") verdicts.items.push(itemOf(given, decision));
  }
  verdicts.lastDirectN = lastDirectN;
  return verdicts;
}

function decideOne(
  books: ProductBooks,
  claim: Claim,
  available: number,
  held: number,
  orders: ReadonlySet<string>,
): { decision: Decision | "F"; reason?: "sold_out" | "limit_per_customer" } {
  if (claim.epoch !== books.epoch) return { decision: "F" };
  if (claim.intent === "void") return { decision: "V" };
  if (claim.intent === "withdraw") return { decision: available >= claim.quantity ? "W" : "V" };
  if (orders.has(claim.orderId)) return { decision: "D" };
  // A refused order without a 202 leaves no order behind: its key may be used again.
  const refused = claim.intent === "direct" ? "V" : "X";
  if (available < claim.quantity) return { decision: refused, reason: "sold_out" };
  const limit = claim.limitPerCustomer;
  if (limit !== null && held + claim.quantity > limit) return { decision: refused, reason: "limit_per_customer" };
  return { decision: "C" };
}

function itemOf(claim: Claim, decision: Decision): StreamItem {
  const { orderId, n, userId, quantity } = claim;
  return { decision, orderId, n, userId, quantity };
}
