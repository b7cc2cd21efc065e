/**
 * One product, a few orders, and all state about them. A world is a value: a move is made on a copy, and two worlds
 * with the same key have the same future.
 */
import { fateKey } from "../../src/inventory/books/decide.ts";
import type { Stock } from "../../src/inventory/books/known.ts";
import type {
  Fate,
  GateImage,
  GateRecord,
  Offer,
  Reservation,
  Sale,
  StreamRow,
} from "../../src/inventory/gate/gate.ts";
import { imageOf } from "../../src/inventory/gate/image.testing.ts";
import { install } from "../../src/inventory/gate/reducer.ts";
import type { GateState, ProductGate } from "../../src/inventory/gate/state.ts";
import type { Setting } from "./settings.ts";
import { openSale } from "./terms.ts";

export const productId = "lamp";

export type LedgerFate = { fate: Fate; orderId: string; userId: string; quantity: number };
/**
 * `fenced` is a row that says so and may be replaced; `ended` waits to be counted, `released` and `confirmed` are
 * final.
 */
export type OrderStatus = "reserved" | "refused" | "fenced" | "ended" | "released" | "confirmed";
export type OrderRow = { reservation: Reservation; status: OrderStatus; releases: number };

/**
 * The tables of PostgreSQL that take part. One transaction is one move, because a writer of a product has locked its
 * row.
 */
export type Books = {
  stock: Stock;
  entered: number;
  fates: Map<string, LedgerFate>;
  orders: Map<string, OrderRow>;
  held: Map<string, number>;
  stream: StreamRow[];
  sale: Sale | null;
  /** Orders whose pass was exchanged, or is about to be. */
  retired: Set<string>;
};

/** The step of one request for an order, as in publication.ts. */
export type Attempt = {
  orderId: string;
  userId: string;
  quantity: number;
  keyed: boolean;
  /** The drop of the pass that it shows. */
  pass?: string;
  step: "ready" | "reserved" | "sent" | "acked" | "unacked" | "voiding" | "gone" | "done" | "dead";
  reservation: Reservation | null;
  answer: "accepted" | "failed" | "pending" | "refused" | "replayed" | null;
};

/** The step of one rebuild, as in rebuild.ts. */
export type Rebuild = {
  step: "idle" | "begun" | "closed" | "claiming" | "draining" | "drained" | "voiding" | "fencing" | "fenced";
  epoch: number;
  /** The epoch in which it saw the product at the gate; undefined if it closes the product whatever it is. */
  seen: number | undefined;
  closing: string;
  toClaim: GateRecord[];
  undecided: GateRecord[];
  end: number;
  image: GateImage | null;
};

type Faults = { [Name in keyof Setting["faults"]]-?: NonNullable<Setting["faults"][Name]> };

export type World = {
  books: Books;
  /** `alive` false: the memory was lost, and the gate does not answer until a rebuild's `close` begins a new life. */
  gate: { alive: boolean; state: GateState; saved: GateState | null; offer: Offer };
  /** Handed over and under way: it may arrive at any time, or never. */
  onTheWay: Reservation[];
  log: Reservation[];
  settled: number;
  attempts: Attempt[];
  withdrawal: { units: number; step: "ready" | "reserved" | "done" | "dead"; reservation: Reservation | null };
  /** Where the operator stands who pauses the product; `answered` is when they hear that no order passes any more. */
  pause: "ready" | "written" | "answered" | "dead" | "none";
  /** Where the exchange of a pass stands; from `retired` on its order must never be placed. */
  exchange: { orderId: string; step: "none" | "ready" | "written" | "retired" | "spent" };
  /** Nothing was left once: what comes back is for orders with a pass. */
  wasSoldOut: boolean;
  /** Records that the sweeper has read and not yet handled. */
  sweeping: { record: GateRecord; act: "void" | "redrive" } | null;
  rebuilds: Rebuild[];
  closings: number;
  limit: number | null;
  anyRow: boolean;
  endings: boolean;
  left: Faults;
};

export const idle: Rebuild = {
  step: "idle",
  epoch: 0,
  seen: undefined,
  closing: "",
  toClaim: [],
  undecided: [],
  end: 0,
  image: null,
};

export function firstWorld(setting: Setting): World {
  const {
    units,
    attempts,
    limit = null,
    faults,
    withdraws = 0,
    anyRow = false,
    endings = true,
    pauses = false,
    exchanges,
    latches = false,
  } = setting;
  const state: GateState = new Map();
  const offer = { unitPriceMinor: 1, currency: "EUR", limitPerCustomer: limit, version: 1 };
  const sale = pauses || latches || exchanges ? { ...openSale, latchAfterSoldOut: latches } : null;
  install(state, imageOf(productId, { sellable: units, applied: 1, offer, sale }));
  const none: Faults = {
    deaths: 0,
    gateLosses: 0,
    keyLosses: 0,
    logLosses: 0,
    redeliveries: 0,
    restocks: 0,
    rebuilds: 0,
    days: 0,
  };
  const stock = { productId, totalIn: units, committed: 0, sold: 0, epoch: 1, seq: 1, lastDirectNo: 0 };
  const row: StreamRow = { productId, seq: 1, epoch: 1, kind: "rebuild", availableAfter: units, added: 0, items: [] };
  return {
    books: {
      stock,
      entered: units,
      fates: new Map(),
      orders: new Map(),
      held: new Map(),
      stream: [row],
      sale,
      retired: new Set(),
    },
    gate: { alive: true, state, saved: null, offer },
    onTheWay: [],
    log: [],
    settled: 0,
    attempts: attempts.map((attempt) => ({ quantity: 1, keyed: false, ...attempt, ...ready })),
    withdrawal: { units: withdraws, step: withdraws > 0 ? "ready" : "done", reservation: null },
    pause: pauses ? "ready" : "none",
    exchange: { orderId: exchanges ?? "", step: exchanges === undefined ? "none" : "ready" },
    wasSoldOut: false,
    sweeping: null,
    rebuilds: [idle, idle],
    closings: 0,
    limit,
    anyRow,
    endings,
    left: { ...none, ...faults },
  };
}

const ready = { step: "ready", reservation: null, answer: null } as const;

export function gateOf(world: World): ProductGate | undefined {
  return world.gate.alive ? world.gate.state.get(productId) : undefined;
}

export function available({ stock }: Books): number {
  return stock.totalIn - stock.committed;
}

export function fateOf({ books }: World, reservation: Reservation): LedgerFate | undefined {
  return books.fates.get(fateKey(reservation));
}

/** The promise of the order is kept: it has a claim. */
export function hasClaim({ books }: World, orderId: string): boolean {
  for (const one of books.fates.values()) if (one.orderId === orderId && one.fate === "claimed") return true;
  return false;
}

/** Copies what moves change in place; reservations, stream rows, images and rebuilds are replaced, never changed. */
export function copyOf(world: World): World {
  const { books, gate, left, attempts } = world;
  return {
    ...world,
    books: {
      ...books,
      stock: { ...books.stock },
      fates: new Map(books.fates),
      orders: new Map(books.orders),
      held: new Map(books.held),
      stream: [...books.stream],
      retired: new Set(books.retired),
    },
    gate: { ...gate, state: copyOfGate(gate.state) },
    onTheWay: [...world.onTheWay],
    log: [...world.log],
    attempts: attempts.map((attempt) => ({ ...attempt })),
    rebuilds: [...world.rebuilds],
    left: { ...left },
  };
}

export function copyOfGate(state: GateState): GateState {
  const copy: GateState = new Map();
  for (const [id, product] of state) {
    copy.set(id, {
      ...product,
      records: new Map(Array.from(product.records, ([orderId, record]) => [orderId, { ...record }])),
      held: new Map(product.held),
      keys: new Map(product.keys),
      retired: new Map(product.retired),
    });
  }
  return copy;
}

/** Names all state that the future depends on, and nothing else, such as the order of past events. */
export function keyOf(world: World): string {
  const { books, gate, attempts, withdrawal, sweeping, rebuilds, left } = world;
  const { totalIn, committed, epoch, seq } = books.stock;
  const parts: (string | number)[] = [totalIn, committed, epoch, seq, books.entered, world.settled];
  parts.push(gate.alive ? gateKey(gate.state) : "lost", gate.saved ? gateKey(gate.saved) : "");
  parts.push(sorted(books.fates, ([key, { fate, orderId }]) => key + fate + orderId));
  parts.push(sorted(books.orders, ([orderId, row]) => orderId + row.status + row.releases + refKey(row.reservation)));
  for (const row of books.stream.slice(firstToApply(world))) parts.push(rowKey(row));
  parts.push("/", sorted(world.onTheWay, refKey), world.log.map(refKey).join());
  for (const one of attempts) parts.push(one.step, one.reservation ? refKey(one.reservation) : "-", one.answer ?? "-");
  parts.push(withdrawal.step, withdrawal.reservation ? refKey(withdrawal.reservation) : "-");
  parts.push(world.pause, gate.state.get(productId)?.sale?.version ?? 0, books.sale?.version ?? 0);
  parts.push(world.exchange.step, [...books.retired].join(), world.wasSoldOut ? "sold out" : "");
  parts.push(sweeping ? sweeping.act + refKey(sweeping.record) : "-");
  const closing = gate.state.get(productId)?.closing;
  for (const one of rebuilds) {
    if (one.step === "idle") continue;
    parts.push(
      one.step,
      one.epoch,
      one.step === "begun" ? (one.seen ?? "") : "",
      one.closing === closing ? "mine" : "",
      one.end,
      one.image ? imageKey(one.image) : "",
    );
    parts.push(one.toClaim.map(recordKey).join(), one.undecided.map(recordKey).join());
  }
  return `${parts.join(" ")} ${Object.values(left).join()}`;
}

/** Rows that neither a loaded gate nor a pending image will ever need are dropped. */
function firstToApply({ books, gate, rebuilds }: World): number {
  const applied = gate.state.get(productId)?.applied ?? books.stock.seq;
  return Math.min(applied, ...rebuilds.map(({ image }) => image?.applied ?? applied));
}

/** Most collections of a small world have one item at most, and a search names millions of them. */
function sorted<T>(items: Iterable<T> & ({ size: number } | { length: number }), nameOf: (item: T) => string): string {
  const count = "size" in items ? items.size : items.length;
  if (count === 0) return "";
  if (count > 1) return Array.from(items, nameOf).toSorted().join();
  const [only] = items;
  return nameOf(only as T);
}

function gateKey(state: GateState): string {
  const product = state.get(productId);
  if (!product) return "absent";
  const { open, epoch, sellable, pending, applied, lastReservationNo, keysInBooks } = product;
  const parts: (string | number | boolean)[] = [
    open,
    [...product.parts].join(),
    epoch,
    sellable,
    pending,
    applied,
    lastReservationNo,
    keysInBooks,
  ];
  parts.push(
    sorted(product.records, ([, record]) => recordKey(record)),
    sorted(product.held, ([userId, held]) => userId + held),
  );
  parts.push([...product.retired.keys()].join(), product.latchedIn ?? "");
  parts.push(sorted(product.keys, ([orderId, { reservationNo }]) => `${orderId}${reservationNo}`));
  return parts.join();
}

function imageKey({ epoch, sellable, applied, held, sale, latchedIn, retired }: GateImage): string {
  return `${epoch}:${sellable}:${applied}:${held.join()}:${sale?.version ?? 0}:${latchedIn}:${retired.length}`;
}

function recordKey(record: GateRecord): string {
  return `${refKey(record)}${record.state}${record.shared ? "+" : ""}`;
}

function refKey({ orderId, epoch, reservationNo }: Reservation): string {
  return `${orderId}.${epoch}.${reservationNo}`;
}

const rowKeys = new WeakMap<StreamRow, string>();

function rowKey(row: StreamRow): string {
  let key = rowKeys.get(row);
  if (key === undefined) {
    const { kind, epoch, availableAfter, added, items } = row;
    key = [
      kind,
      epoch,
      availableAfter,
      added,
      ...items.map(({ effect, orderId, reservationNo }) => effect + orderId + reservationNo),
    ].join();
    rowKeys.set(row, key);
  }
  return key;
}
