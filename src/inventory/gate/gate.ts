/**
 * The stock gate is the port through which units are taken before anything durable is written.
 *
 * Two adapters pass the contract in `contract/`: the reducer in memory (embedded default) and Redis.
 * Every call is idempotent by order id (or by sequence number), because its reply may be lost
 * and it is not known whether it ran. Answers are values; what is thrown is `GateUnavailable`.
 */
import type { Sale, SaleRefusal } from "./sale.ts";
import type { ApplyAnswer, StreamRow } from "./stream.ts";

export type { Sale, SaleRefusal } from "./sale.ts";
export type { ApplyAnswer, Effect, Fate, StreamItem, StreamRow } from "./stream.ts";
export { GateUnavailable, noneWhileAway } from "./unavailable.ts";

/** The price of a unit, and how many units one customer may hold. A larger `version` wins. */
export type Offer = {
  unitPriceMinor: number;
  /** ISO 4217. */
  currency: string;
  limitPerCustomer: number | null;
  version: number;
};

/** One reservation, named by product, epoch and number: an order id may have several, and each has a fate of its own. */
export type Reservation = {
  productId: string;
  orderId: string;
  epoch: number;
  /** Counts reservations of this product and epoch, from 1. Withdrawals by an admin count too. */
  reservationNo: number;
  /** Empty for a withdrawal, which has no customer and no limit. */
  userId: string;
  quantity: number;
  unitPriceMinor: number;
  currency: string;
  priceVersion: number;
  /** The limit at the time of the reservation: the books apply it, even if it has changed since. */
  limitPerCustomer: number | null;
  /** Hash of the request's body if it has an Idempotency-Key, else empty. */
  bodyHash: string;
  reservedAtMs: number;
  payByMs: number;
};

/** The reservation that a command is about: another number of the same order is another reservation. */
export type ReservationRef = Pick<Reservation, "productId" | "orderId" | "epoch" | "reservationNo">;

/**
 * `pending`: taken, not yet known to be in the log. `published`: in the log, the buyer may be answered 202. `voiding`:
 * about to be voided in the books, may never be published. `claimed` and `refused` are stubs: the books decided before
 * the record was marked.
 */
export type RecordState = "pending" | "published" | "voiding" | "claimed" | "refused";

export type GateRecord = Reservation & { state: RecordState; shared: boolean };

export type ReserveRequest = {
  productId: string;
  orderId: string;
  userId: string;
  quantity: number;
  /** Set for requests under an Idempotency-Key. */
  bodyHash: string;
  /** The total that the buyer expects; null if they sent none. */
  expectedTotalMinor: number | null;
  /**
   * The epoch in which the gate was when the books were asked for this order, and did not know it; null if they were not
   * asked. See `ask_books`.
   */
  newIn: number | null;
  /** A withdrawal ignores price and limit. Its order is a new one of its own, and has no body hash. */
  withdrawal: boolean;
  /** An order that was accepted in time takes its units again, because its payment came late. */
  ignoresSale: boolean;
  /** The drop of the pass that the order shows; its signature, buyer and product were checked. */
  pass?: string | undefined;
  /** If nothing is left, the process asks for the lease of "sold out" (lease.ts). */
  leases?: boolean;
  /** A refusal tells by which state it was decided, except to a withdrawal: see `Told`. */
  tells?: boolean;
  nowMs: number;
  payByMs: number;
};

export type ReserveRefusal = "absent" | "closed" | "no_offer" | "sold_out" | "limit_per_customer" | "price_changed";

/**
 * The state by which the gate refused, read in the same step. `sellable + pending` is what the books had for sale after row
 * `applied` of the product's stream, so the two can be compared at any later time. `held`: what the customer held.
 */
export type Told = {
  epoch: number;
  applied: number;
  sellable: number;
  pending: number;
  held: number;
  clockMs: number;
};

export type ReserveAnswer =
  | { kind: "reserved"; reservation: Reservation }
  /** The order id was seen before. `accepted`: its buyer was, or may be, answered 202. */
  | { kind: "duplicate"; state: RecordState | "accepted"; reservation: Reservation; sameBody: boolean }
  /**
   * Orders came under keys before this gate was loaded, in earlier epochs: only the books know whether this is one of them. No
   * further order joins those, so the answer of the books holds as long as the epoch.
   */
  | { kind: "ask_books"; epoch: number }
  /**
   * `leasedSinceMs`: the beginning of the lease that was given. `lineOf`: sold out in this drop, whose line gets the units
   * that come back.
   */
  | { kind: "refused"; reason: ReserveRefusal; leasedSinceMs?: number; lineOf?: string; told?: Told }
  | ({ kind: "refused"; told?: Told } & SaleRefusal);

/** `gone`: no such record; the books have it. `stale`: the gate was rebuilt since. */
export type MarkAnswer = "published" | "voiding" | "refused" | "gone" | "stale";
export type ClaimVoidAnswer = "voiding" | "published" | "claimed" | "refused" | "gone" | "stale";
/** `spent`: an order has the key, or had it. `closed`: not known at the moment, and nothing has changed. */
export type RetireAnswer = "spent" | "retired" | "closed";
export type AbortAnswer = "aborted" | "kept";
export type AdoptAnswer = { kind: "adopted"; reservation: Reservation } | { kind: "refused" };

/** The image that a rebuild loads: the books' own figures as of one transaction. */
export type GateImage = {
  productId: string;
  epoch: number;
  sellable: number;
  applied: number;
  offer: Offer | null;
  sale: Sale | null;
  /** The drop in which the product is latched, as far as the books tell: see latch.ts. */
  latchedIn: string | null;
  /** Keys that were retired, each with the end of its pass, milliseconds. */
  retired: [orderId: string, untilMs: number][];
  /** Units held by each customer, for the limit. */
  held: [userId: string, quantity: number][];
  /** Whether the books hold orders of this product that came under a key. */
  keysInBooks: boolean;
};

export type ProductSnapshot = {
  productId: string;
  /** Open and whole: it sells. */
  open: boolean;
  /** All parts of the product are at the gate. If one was lost, no order is served until a rebuild. */
  whole: boolean;
  epoch: number;
  sellable: number;
  pending: number;
  applied: number;
  offer: Offer | null;
  sale: Sale | null;
  /** Units that come back are for orders with a pass: see latch.ts. */
  latched: boolean;
  /** Milliseconds since 1970 at which the oldest undecided reservation was taken, or null. */
  oldestMs: number | null;
  /** The answer of the last `close`, until an image is loaded. */
  closing: string;
};

/** All contents of a product at one instant. */
export type ProductContents = {
  epoch: number;
  applied: number;
  pending: number;
  records: GateRecord[];
  /** Units held by each customer, in claimed orders and in undecided records. */
  held: ReadonlyMap<string, number>;
};

/** The gate's steps for orders: take units, and report how the reservation's publication went. */
export type GateForOrders = {
  /** Returns answers in the order of the requests. The gate's own clock decides whether a drop is open. */
  reserve(requests: readonly ReserveRequest[]): Promise<ReserveAnswer[]>;
  /** The beginning of the product's lease of "sold out", if it stands. Only a gate in this process tells it without a call. */
  leasedSince?(productId: string): number | undefined;
  /** Pending → published, once the log has acknowledged; only then may the buyer be answered 202. */
  mark(refs: readonly ReservationRef[]): Promise<MarkAnswer[]>;
  /** Pending → voiding; a caller that gets `voiding` may void the reservation in the books. */
  claimVoid(ref: ReservationRef): Promise<ClaimVoidAnswer>;
  /** Gives the units back at once; only for reservations that were certainly never handed to the log. */
  abort(ref: ReservationRef): Promise<AbortAnswer>;
  /** Takes over the publication of another request's pending reservation; it can no longer be aborted. */
  adopt(productId: string, orderId: string, nowMs: number): Promise<AdoptAnswer>;
  record(productId: string, orderId: string): Promise<GateRecord | undefined>;
  /**
   * Of the named products, or of all. Products that are not loaded are left out; so are all after the gate lost its
   * memory.
   */
  snapshot(productIds?: readonly string[]): Promise<ProductSnapshot[]>;
  /** The clock that decides whether a drop is open, milliseconds since 1970. */
  clockMs(): Promise<number>;
};

/** The port. The other steps keep the gate in agreement with the books. */
export type Gate = GateForOrders & {
  apply(row: StreamRow): Promise<ApplyAnswer>;
  /**
   * Closes a product, loaded or not; if the memory is lost, begins a new one. Only an image that was taken afterwards
   * opens it again: `install` must show the value that this returns. A product that was loaded in an epoch after
   * `seenEpoch`, and sells, is left as it is, and the value is empty: the fault for which it was to be closed is gone.
   */
  close(productId: string, seenEpoch?: number): Promise<string>;
  /**
   * Loads a product and opens it, unless the loaded one is as new, or it was closed after `closing`, or the memory was
   * lost since. Without `closing` only a product that this gate does not know, and that was never sold.
   */
  install(image: GateImage, closing?: string): Promise<"open" | "stale">;
  setOffer(productId: string, offer: Offer): Promise<void>;
  /**
   * When this answers `set`, no later reservation passes that the terms refuse, in whichever process; a rebuild under way
   * changes nothing about it. `absent`: the product is not loaded, and an image on its way may lack the terms.
   */
  setSale(productId: string, sale: Sale): Promise<"set" | "absent">;
  /**
   * Makes sure that no order is ever placed under this key, until the end of its pass and a while after it. Only an open
   * product takes it: an image on its way may lack it, so the caller writes it in the books first.
   */
  retire(productId: string, orderId: string, untilMs: number, nowMs: number): Promise<RetireAnswer>;
  /** Records taken before `beforeMs`, oldest first, at most `limit`. */
  recordsBefore(beforeMs: number, limit: number): Promise<GateRecord[]>;
  /** Those taken after `afterMs`, at most `limit`. */
  recordsAfter(afterMs: number, limit: number): Promise<GateRecord[]>;
  /** Every record of a product, for the rebuild that closes it. */
  records(productId: string): Promise<GateRecord[]>;
  /** All contents, for a comparison with the books; undefined if the product is not loaded or not whole. */
  contents(productId: string): Promise<ProductContents | undefined>;
  /** Deletes abandoned stubs. */
  forget(refs: readonly ReservationRef[]): Promise<void>;
  /**
   * Writes as a reservation does, with the same permissions, and leaves nothing behind. `empty`: the memory was lost,
   * or never had anything. @throws GateUnavailable if a reservation would be refused.
   */
  probe(): Promise<"ready" | "empty">;
  shutdown(): Promise<void>;
};
