/**
 * All evidence that a law may read, as plain data. The simulation builds it from its world after every step; chaos and
 * the tests of processes build it from the stores of a running system. An unchanged part stays the same object.
 */
import type { Fate } from "../../src/inventory/gate/gate.ts";
import type { Wish } from "./wish.ts";

/** A reservation by its number, as the gate makes it and the books decide it. */
export type Ref = { productId: string; epoch: number; reservationNo: number };

export type StockRow = {
  productId: string;
  totalIn: number;
  committed: number;
  sold: number;
  epoch: number;
  /** The last row of the product's stream. */
  seq: number;
};
export type Entry = { productId: string; ref: string; quantity: number };
export type StreamRow = { productId: string; seq: number; availableAfter: number };
export type Price = { unitPriceMinor: number; currency: string; limitPerCustomer: number | null; version: number };
export type DecidedReservation = Ref & {
  fate: Fate;
  orderId: string;
  userId: string;
  quantity: number;
  seq: number | null;
};
/** How a claim ended. */
export type End = Ref & { outcome: "released" | "sold"; quantity: number };
export type Outcome = End & { seq: number | null };
export type Holding = { productId: string; userId: string; held: number };

export type OrderRow = Ref & {
  orderId: string;
  userId: string;
  quantity: number;
  status: string;
  reason: string | null;
  totalMinor: number;
  payByMs: number;
};
/** A state in which a client saw an order, or that its buyer got in an answer. */
export type Sighting = { orderId: string; status: string; reason: string | null; atMs: number };
export type Refund = { orderId: string; restock: boolean };

export type PaymentRow = { paymentId: string; orderId: string; state: string; givenBackMinor: number };
/** A line of the bank's own statement. */
export type StatementLine = {
  paymentId: string;
  kind: "authorized" | "captured" | "voided" | "refunded" | "charged_back";
  amountMinor: number;
  /** Done by hand at the bank. */
  byHand: boolean;
};

export type GateReading = {
  productId: string;
  isOpen: boolean;
  sellable: number;
  /** Units in records that are not decided. */
  pending: number;
  /** The gate's records of reservations; undefined if the gate is read from outside of its process. */
  records: readonly GateRecord[] | undefined;
  /** Undefined if the gate is read from outside of its process. */
  epoch: number | undefined;
  /** The last row of the stream that the gate has applied; undefined as above. */
  applied: number | undefined;
  /** The price at which it sells; undefined as above. */
  price: Price | null | undefined;
};
export type GateRecord = { orderId: string; epoch: number; quantity: number; isUndecided: boolean };

/** The terms of a product's drop: when an operator asked for them, and when they were told that the terms hold. */
export type Terms = {
  productId: string;
  opensAtMs: number;
  closesAtMs: number;
  paused: boolean;
  /** The drop is cancelled, and with it all orders that were placed in it. */
  cancelled?: true;
  /** Once nothing was left, units that come back are for people with a pass. */
  hasList?: true;
  version: number;
  beganMs: number;
  answeredMs: number | undefined;
};
/** An order took units at the gate, and so many were left. `atMs` is the gate's clock. */
export type Taken = {
  productId: string;
  atMs: number;
  left: number;
  hasPass: boolean;
  /** How often the gate had lost its memory of products by then. */
  losses: number;
};
/** A product was open at the gate, with units enough for any order, all the time between the two. */
export type Free = { productId: string; fromMs: number; toMs: number };

/** The line of a drop, with all places and passes that were ever given. */
export type LineReading = {
  dropId: string;
  lastSeq: number;
  frozenSize: number | null;
  isDrawn: boolean;
  /** The numbers up to which places were called, one after the other. */
  called: readonly number[];
  places: readonly LinePlace[];
  passes: readonly LinePass[];
  /** The passes that people were told are exchanged for others. */
  exchanged: readonly string[];
  /** What people heard about their places. */
  told: readonly ToldPlace[];
  /** Each time that passes were given: the unspent ones then, and the free units that they were counted against. */
  promises: readonly { productId: string; unspent: number; free: number; atMs: number }[];
  /** Free units that no pass and no offer keeps. */
  spare: number;
};
export type LinePlace = { seq: number; userId: string; rank: number | null; hasLeft: boolean; wasOffered: boolean };
export type LinePass = { passId: string; orderId: string; seq: number; userId: string; productId: string };
export type ToldPlace = { dropId: string; userId: string; seq: number; place: number | null };

/** The result of a reconciliation, or of the gate's own check, while the shop was at work. */
export type Sample = { productId: string; status: string; drift: number; explanation: string };
export type Unfinished = { what: string; count: number };

export type Evidence = {
  /** The faults are over and the system had time to finish its work. */
  atRest: boolean;
  stock: readonly StockRow[];
  entries: readonly Entry[];
  stream: readonly StreamRow[];
  decisions: readonly DecidedReservation[];
  /** Ends of claims that are counted in the stock. */
  outcomes: readonly Outcome[];
  /** Ends of claims that wait to be counted. */
  queued: readonly End[];
  holdings: readonly Holding[];
  /** The newest price of each product that the books have. */
  prices: readonly (Price & { productId: string })[];
  /** How many units one customer may hold, by product. */
  limits: ReadonlyMap<string, number>;
  orders: readonly OrderRow[];
  history: readonly Sighting[];
  refunds: readonly Refund[];
  payments: readonly PaymentRow[];
  statement: readonly StatementLine[];
  gate: readonly GateReading[];
  /** The mode is sync, and the gate could not be closed: no order goes through it until it is rebuilt (ADR 0016). */
  gateIsLeft: boolean;
  /** Of products in drops; product by product in the order in which they were set. */
  terms: readonly Terms[];
  /** Empty if the gate is read from outside of its process. */
  taken: readonly Taken[];
  /** As above. */
  free: readonly Free[];
  samples: readonly Sample[];
  /** Of the drops that sell these products. */
  lines: readonly LineReading[];
  wishes: readonly Wish[];
  /** Orders that their buyers asked to cancel. */
  cancelled: ReadonlySet<string>;
  /** Later deadlines that buyers were told when they extended their orders, milliseconds since 1970. */
  extended: ReadonlyMap<string, number>;
  unfinished: readonly Unfinished[];
  /** The events of orders on the log, as `order:STATUS`; undefined if the log is not read. */
  announced: ReadonlySet<string> | undefined;
  /** Records in the topics of dead letters; undefined if the log is not read. */
  deadLetters: number | undefined;
  /** A wish made after all faults have ended. */
  lateWish: Wish | undefined;
};
