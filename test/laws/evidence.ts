/**
 * Everything that a law may read, as plain data. The simulation builds it from its world after every step; chaos and the
 * tests of processes build it from the stores of a running system. A part that has not changed stays the same object.
 */
import type { Fate } from "../../src/inventory/gate/gate.ts";
import type { Wish } from "./wish.ts";

/** A reservation by its number: what the gate gave, and what the books decide about. */
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
/** A state in which an order was seen, or of which its buyer was told. */
export type Sighting = { orderId: string; status: string; reason: string | null; atMs: number };
export type Refund = { orderId: string; restock: boolean };

export type PaymentRow = { paymentId: string; orderId: string; state: string; givenBackMinor: number };
/** A line of the bank's own statement. */
export type StatementLine = {
  paymentId: string;
  kind: "authorized" | "captured" | "voided" | "refunded" | "charged_back";
  amountMinor: number;
  /** Done by people at the bank, past the shop. */
  byHand: boolean;
};

export type GateReading = {
  productId: string;
  isOpen: boolean;
  sellable: number;
  /** Units in records that are not decided. */
  pending: number;
  /** What the gate keeps for reservations; undefined where the gate is read from outside of its process. */
  records: readonly GateRecord[] | undefined;
  /** Undefined where the gate is read from outside of its process. */
  epoch: number | undefined;
  /** The last row of the stream that the gate has applied; undefined as above. */
  applied: number | undefined;
};
export type GateRecord = { orderId: string; epoch: number; quantity: number; isUndecided: boolean };

/** What a reconciliation, or the gate's own check, said while the shop was at work. */
export type Sample = { productId: string; status: string; drift: number; explanation: string };
export type Unfinished = { what: string; count: number };

export type Evidence = {
  /** The faults are over and the system had its time to end its work. */
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
  /** How many units one customer may hold, by product. */
  limits: ReadonlyMap<string, number>;
  orders: readonly OrderRow[];
  history: readonly Sighting[];
  refunds: readonly Refund[];
  payments: readonly PaymentRow[];
  statement: readonly StatementLine[];
  gate: readonly GateReading[];
  /** The switch is at sync, and the gate could not be closed: no order passes it until it is rebuilt (ADR 0016). */
  gateIsLeft: boolean;
  samples: readonly Sample[];
  wishes: readonly Wish[];
  /** A refusal under a key speaks of the earlier requests under it too. README.md says when it does not. */
  refusalsBind: boolean;
  /** Orders that their buyers asked to cancel. */
  cancelled: ReadonlySet<string>;
  unfinished: readonly Unfinished[];
  /** What the log says of orders, as `order:STATUS`; undefined where the log is not read. */
  announced: ReadonlySet<string> | undefined;
  /** Records in the topics of dead letters; undefined where the log is not read. */
  deadLetters: number | undefined;
  /** A wish made once all is well again. */
  lateWish: Wish | undefined;
};
