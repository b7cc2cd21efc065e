/** Looks up orders as people see them: in the books, still at the gate, or void. */
import { setTimeout as sleep } from "node:timers/promises";
import { mayBeOneRowsFault, type Sql } from "#engines/sql";
import { type DecidedReservation, GateUnavailable, type Inventory } from "#inventory";
import { createBatcher } from "#platform/batch";
import { elapsedMs } from "#platform/clock";
import { within } from "#platform/deadline";
import { type Order, readLonger, readOrders, type SeenEntries, type TimelineEntry } from "./books/order-rows.ts";
import { meetProduct, prefixOfOrder, productOfOrder } from "./ids.ts";

/** An order as people see it, even while it is on its way to the books. */
export type SeenOrder = Pick<
  Order,
  | "orderId"
  | "userId"
  | "productId"
  | "quantity"
  | "unitPriceMinor"
  | "totalMinor"
  | "currency"
  | "status"
  | "reason"
  | "placedAt"
  | "payBy"
  | "extensionSeconds"
  | "isExtended"
  | "timeline"
>;

export type Look = {
  /**
   * As `read`, for callers who may have got the order's id: an accepted order is never unknown to them. If the gate has
   * forgotten it, this waits for the books, for a second; `undecided` if they are further behind.
   */
  find(orderId: string): Promise<SeenOrder | "undecided" | undefined>;
  /** undefined if there is no such order. */
  read(orderId: string): Promise<SeenOrder | undefined>;
  /** The product by the beginning of the id; undefined if neither gate nor books know one. */
  productOf(orderId: string): Promise<string | undefined>;
  /** The orders that have entries beyond those that were seen, and the ids of those that are not in the books yet. */
  readNews(asked: readonly SeenEntries[]): Promise<News>;
  /** Waits until the books have an accepted order, which takes milliseconds. */
  settled(orderId: string, withinMs: number): Promise<Order | undefined>;
};

export type News = { orders: SeenOrder[]; unsettled: string[] };

export type LookOptions = {
  sql: Sql;
  inventory: Pick<Inventory, "gate" | "books">;
  /** Notes the log's present end; the answer tells whether everything below it is decided. */
  watermark(): Promise<() => Promise<boolean>>;
  maxWaiting: number;
};

/** An extension is offered to orders in the books only. */
const notInTheBooks = { extensionSeconds: 0, isExtended: false };

const lookEveryMs = 10;
const catchUpWithinMs = 1_000;
const asksAtOnce = 1_000;

export function createLook({ sql, inventory: { gate, books }, watermark, maxWaiting }: LookOptions): Look {
  /** A caller waits for a statement that began after their request. */
  const reads = createBatcher<string, Order | undefined>({
    maxBatch: asksAtOnce,
    maxWaiting,
    mayBeOnesFault: mayBeOneRowsFault,
    async run(orderIds) {
      const found = new Map((await readOrders(sql, orderIds)).map((order) => [order.orderId, order]));
      return orderIds.map((orderId) => found.get(orderId.toLowerCase()));
    },
  });
  /** By an index, because ids may be invented: the cost does not grow with the number of products. */
  const learners = createBatcher<string, string | undefined>({
    maxBatch: asksAtOnce,
    maxWaiting,
    async run(orderIds) {
      for (const productId of await books.products.ofPrefixes(orderIds.map(prefixOfOrder))) meetProduct(productId);
      return orderIds.map(productOfOrder);
    },
  });
  /** Whether everything is decided that the log had acknowledged at the call. */
  const catchUps = createBatcher<string, boolean>({
    maxBatch: asksAtOnce,
    maxWaiting,
    async run(orderIds) {
      const deciding = allDecided(elapsedMs() + catchUpWithinMs);
      const decided = await within(catchUpWithinMs, deciding, () => false);
      return orderIds.map(() => decided);
    },
  });

  async function allDecided(giveUpAt: number): Promise<boolean> {
    try {
      const isDecided = await watermark();
      while (elapsedMs() < giveUpAt) {
        if (await isDecided()) return true;
        await sleep(lookEveryMs);
      }
    } catch {
      // The log or the books do not answer, so it is not known.
    }
    return false;
  }

  /** Before it is in the books an order is a record at the gate, found by the product at the beginning of its id. */
  async function seenAtTheGate(orderId: string): Promise<SeenOrder | undefined> {
    const productId = await productOf(orderId);
    const record = productId === undefined ? undefined : await gate.record(productId, orderId);
    if (!record || record.userId === "") return undefined;
    const { userId, quantity, unitPriceMinor, currency, reservedAtMs, payByMs } = record;
    const placedAt = new Date(reservedAtMs);
    return {
      orderId,
      userId,
      productId: record.productId,
      quantity,
      unitPriceMinor,
      currency,
      placedAt,
      totalMinor: unitPriceMinor * quantity,
      status: "PENDING",
      reason: null,
      payBy: new Date(payByMs),
      ...notInTheBooks,
      timeline: [{ status: "PENDING", at: placedAt.toISOString() }],
    };
  }

  async function productOf(orderId: string): Promise<string | undefined> {
    return productOfOrder(orderId) ?? learners.add(orderId);
  }

  async function find(orderId: string): Promise<SeenOrder | "undecided" | undefined> {
    const seen = await readOr(orderId, undefined);
    if (seen || (await productOf(orderId)) === undefined) return seen;
    // An order that was answered 202 has an event in the log, below its present end.
    if (!(await catchUps.add(orderId))) return "undecided";
    // If the gate does not answer, it may have a record of it that is not in the log.
    return readOr(orderId, "undecided");
  }

  async function readOr<T>(orderId: string, whileAway: T): Promise<SeenOrder | T | undefined> {
    try {
      return await readNow(orderId);
    } catch (error) {
      if (error instanceof GateUnavailable) return whileAway;
      throw error;
    }
  }

  async function readNow(orderId: string): Promise<SeenOrder | undefined> {
    const standing = await reads.add(orderId);
    if (standing && !givesWay(standing)) return standing;
    const atGate = await seenAtTheGate(orderId);
    if (atGate) return atGate;
    // It may have been decided at the gate between the two reads.
    if (standing) return reads.add(orderId);
    const [voided] = (await voidedAmong([orderId])).slice(-1);
    // It may have moved from the gate to the books between the two reads.
    return voided ? failedFrom(orderId, voided) : reads.add(orderId);
  }

  async function readNews(asked: readonly SeenEntries[]): Promise<News> {
    const { longer, missing } = await readLonger(sql, asked);
    const fenced = longer.filter(givesWay).map((order) => order.orderId);
    if (missing.length === 0 && fenced.length === 0) return { orders: longer, unsettled: [] };
    // A key may have been used again since, so each is read by itself; there are few.
    const voided = new Set((await voidedAmong(missing)).map((reservation) => reservation.orderId));
    const read = await Promise.all([...fenced, ...voided].map(readNow));
    const ended = read.filter((order) => order !== undefined).filter(({ status }) => status !== "PENDING");
    const known = new Set(ended.map((order) => order.orderId));
    return {
      orders: [...longer.filter((order) => !givesWay(order)), ...ended],
      unsettled: [...fenced, ...missing].filter((orderId) => !known.has(orderId)),
    };
  }

  async function voidedAmong(orderIds: readonly string[]): Promise<DecidedReservation[]> {
    const fates = await books.ledger.fatesOf(orderIds);
    // Such an order is in the books, or was archived.
    const decided = new Set(
      fates.filter(({ fate }) => fate === "claimed" || fate === "refused").map((one) => one.orderId),
    );
    return fates.filter(({ fate, orderId }) => fate === "void" && !decided.has(orderId));
  }

  async function settled(orderId: string, withinMs: number): Promise<Order | undefined> {
    const giveUpAt = elapsedMs() + withinMs;
    for (;;) {
      const order = await reads.add(orderId);
      if (order && !givesWay(order)) return order;
      const isTooLate = elapsedMs() > giveUpAt;
      if (!order && isTooLate) return undefined;
      if (!(await seenAtTheGate(orderId))) return reads.add(orderId);
      if (isTooLate) return undefined;
      await sleep(lookEveryMs);
    }
  }

  return { find, read: readNow, productOf, readNews, settled };
}

/**
 * A later attempt under the same key may be on its way to the books, and its buyer was answered 202: that one counts.
 */
function givesWay({ status, reason }: Order): boolean {
  return status === "FAILED" && reason === "fenced";
}

function failedFrom(orderId: string, voided: DecidedReservation): SeenOrder {
  const at = voided.decidedAt.toISOString();
  const timeline: TimelineEntry[] = [
    { status: "PENDING", at },
    { status: "FAILED", at, reason: "order_failed" },
  ];
  return {
    orderId,
    userId: voided.userId,
    productId: voided.productId,
    quantity: voided.quantity,
    unitPriceMinor: 0,
    totalMinor: 0,
    currency: "",
    status: "FAILED",
    reason: "order_failed",
    placedAt: voided.decidedAt,
    payBy: voided.decidedAt,
    ...notInTheBooks,
    timeline,
  };
}
