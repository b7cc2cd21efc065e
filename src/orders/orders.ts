/** Orders are placed at the gate, settled in the books, and ended once. */
import { type EventLog, lagOf } from "#engines/log";
import { createOutbox } from "#engines/outbox";
import type { Queryable, Sql } from "#engines/sql";
import type { Audit } from "#identity";
import type { Inventory } from "#inventory";
import type { Log } from "#platform/log";
import type { Metrics } from "#platform/metrics";
import { traced } from "#platform/spans";
import { fieldsOf } from "./accept/answers.ts";
import { createDirectOrders } from "./accept/direct.ts";
import { createPlace } from "./accept/place.ts";
import { createPublication } from "./accept/publication.ts";
import { createPulse } from "./accept/pulse.ts";
import { createReturns } from "./accept/returns.ts";
import { changesSince } from "./books/changes.ts";
import { readFigures } from "./books/figures.ts";
import { readOrderHistory } from "./books/history.ts";
import { listAllOrders, listOrders, note, type Order, type Position, type TimelineEntry } from "./books/order-rows.ts";
import { orderOutbox } from "./books/outbox.ts";
import { readOverdue, readStanding, readUndecided } from "./books/overdue-rows.ts";
import { createPast } from "./books/past.ts";
import { type OrderFilter, searchOrders } from "./books/search.ts";
import { readOrderTraces } from "./books/trace-rows.ts";
import { createBulk } from "./bulk/bulk.ts";
import { createLook } from "./look.ts";
import { createSettlement } from "./settle/settle.ts";
import { openStatuses } from "./state.ts";
import { type EndAll, endAll, type Placed, sumNotEnded } from "./steps/end-all.ts";
import { readBooked } from "./steps/hand-over.ts";
import { noteRefundDone, type Refund, readRefund, unfinishedRefunds } from "./steps/refunds.ts";
import { createRestore } from "./steps/restore.ts";
import { createSteps } from "./steps/steps.ts";

export type { PlaceAnswer, PlaceRefusal, PlaceRequest } from "./accept/answers.ts";
export type { Beat, Span } from "./accept/pulse.ts";
export { pageOfOrders, positionOf } from "./books/cursors.ts";
export type { OrderHistory } from "./books/history.ts";
export type { Order, Position, TimelineEntry } from "./books/order-rows.ts";
export type { BulkAction, SeenPlan } from "./bulk/bulk.ts";
export { orderIdFor } from "./ids.ts";
export type { SeenOrder } from "./look.ts";
export { countOrderChanges, measureOrders } from "./metrics.ts";
export { isFinal, isOver, isUndecided, type Status } from "./state.ts";
export type { NotEnded } from "./steps/end-all.ts";
export type { BookedOrder } from "./steps/hand-over.ts";
export type { Refund } from "./steps/refunds.ts";
export { createStreams, type Streams } from "./streams.ts";

export const ordersSchema = { schema: "orders", folder: new URL("./migrations/", import.meta.url) };

export type OrdersOptions = {
  sql: Sql;
  /** For reads that may be a moment old. */
  reports: Queryable;
  log: EventLog;
  inventory: Inventory;
  audit: Pick<Audit, "begin" | "end">;
  topics: { reservations: string; events: string };
  group: string;
  maxRecords: number;
  maxWaiting: number;
  /** The gate is on a server: reservations wait a moment to go there together. */
  gateIsRemote: boolean;
  /** After so many refusals of a sold-out product within a second, a process refuses more without asking the gate. */
  crowd: number;
  paymentWindowMs: number;
  /** The age at which an ended order moves to the past ones; 0: none does. */
  moveAfterMs: number;
  now(): number;
  onFault(what: string, error: unknown): void;
  metrics: Metrics;
  logger: Log;
};

export type Orders = ReturnType<typeof createOrders>;

export function createOrders(options: OrdersOptions) {
  const {
    sql,
    reports,
    log,
    inventory,
    topics,
    group,
    maxRecords,
    maxWaiting,
    gateIsRemote,
    crowd,
    paymentWindowMs,
    now,
    onFault,
    metrics,
    logger,
  } = options;
  const changed = new Set<(order?: Order) => void>();
  const outbox = createOutbox({
    ...orderOutbox,
    sql,
    log,
    topic: topics.events,
    onFault: (error) => onFault("outbox", error),
  });

  const { books } = inventory;
  const topic = topics.reservations;
  const onSettled = () => tellChanged();
  const settlement = createSettlement({ sql, log, books, group, maxRecords, now, logger, topic, outbox, onSettled });
  const publication = createPublication({ inventory, log, topic, maxWaiting, onFault });
  const returns = createReturns({ unitsOf: books.products.unitsOf, onFault });
  const direct = createDirectOrders({ sql, books, returns, maxWaiting, now, onSettled });
  const pulse = createPulse({ sql, onFault });
  const placing = createPlace({
    sql,
    inventory,
    publication,
    direct,
    returns,
    gateIsRemote,
    crowd,
    paymentWindowMs,
    maxWaiting,
    now,
    onFault,
    metrics,
    note: pulse.note,
  });

  const restore = createRestore({ sql, inventory, now, onRestored: tellChanged });
  const look = createLook({ sql, inventory, watermark: () => settlement.watermark(), maxWaiting });

  const { cancelIn, refundIn, ...steps } = createSteps({ sql, books, now, onTaken: tellChanged });
  const bulk = createBulk({ sql, steps: { cancelIn, refundIn }, audit: options.audit, now, onFault });

  function tellChanged(order?: Order): void {
    outbox.nudge();
    for (const listener of changed) listener(order);
  }

  return {
    ...steps,
    bulk,
    past: createPast({ sql, moveAfterMs: options.moveAfterMs, now, onFault }),
    place: traced("place order", placing.place, { answered: fieldsOf }),
    waiting: placing.waiting,
    refusesOne: placing.refusesOne,
    /** What every process that takes orders answers at the moment. */
    pulse: { read: pulse.read, start: pulse.start },
    /** Accepted orders that are not settled yet. */
    async lag(): Promise<number> {
      const [ends, committed] = await Promise.all([log.endOffsets(topic), log.committedOffsets(group, topic)]);
      return lagOf(ends, committed);
    },
    recentAppendFault: publication.recentFault,
    find: look.find,
    read: look.read,
    productOf: look.productOf,
    settled: look.settled,
    readNews: look.readNews,
    changesSince: (position: string | undefined) => changesSince(sql, position),
    list: (userId: string, after: Position | null, limit: number) => listOrders(sql, userId, after, limit),
    /** From the reports' database, which may be behind. */
    listAll: (after: Position | null, limit: number) => listAllOrders(reports, after, limit),
    search: (filter: OrderFilter, after: Position | null, limit: number) => searchOrders(reports, filter, after, limit),
    restore,

    /** Ends the orders of products that were placed in that time: see end-all.ts. */
    endAll: (all: EndAll, limit: number) => endAll({ sql, steps }, all, limit),
    /** What `endAll` would end, by currency; read from the reports' database. */
    notEnded: (placed: Placed) => sumNotEnded(reports, placed),
    /** The sampled traces among those of these orders. */
    tracesOf: (orderIds: readonly string[]) => readOrderTraces(sql, orderIds),
    /** Reads all that the books have of one order. */
    history: (orderId: string) => readOrderHistory(sql, orderId),
    /** The orders among these that are in the books, as they stand now. */
    booked: (orderIds: readonly string[]) => readBooked(sql, orderIds),
    readRefund: (orderId: string) => readRefund(sql, orderId),
    unfinishedRefunds: (after: Refund | undefined, limit: number) => unfinishedRefunds(sql, after, limit),
    refundDone: (orderId: string) => noteRefundDone(sql, orderId, new Date(now())),
    /** Adds an entry about the money of an order that has ended; the same entry twice counts once. */
    remark: (orderId: string, entry: TimelineEntry) => note(sql, orderId, entry, ["CONFIRMED", "REFUNDED"]),

    /** Adds an entry to the timeline of an open order; an ended one gets none. The same entry twice counts once. */
    note: (orderId: string, entry: TimelineEntry) => note(sql, orderId, entry, openStatuses),

    /**
     * Calls back after an order changed in this process, or, without one, after new orders came into the books. Changes
     * in other processes must be read.
     */
    onChange(listener: (order?: Order) => void): () => void {
      changed.add(listener);
      return () => changed.delete(listener);
    },

    /** Orders that hold units past the moment, longest overdue first, starting after `after`. */
    overdue: (before: Date, after: Order | undefined, limit: number) => readOverdue(sql, before, after, limit),

    /** The same with those whose payment is undecided, for an operator. */
    standing: (before: Date, after: Pick<Order, "payBy" | "orderId"> | undefined, limit: number) =>
      readStanding(sql, before, after, limit),

    /** Orders that are not over, by the step of their saga. */
    figures: () => readFigures(sql, now()),
    /** Events that the log does not have yet. */
    outboxWaiting: outbox.waiting,

    /** Orders after their deadline whose payment the provider was deciding, longest overdue first, starting after `after`. */
    undecided: (after: Order | undefined, limit: number) => readUndecided(sql, after, limit),

    /** The part of settlement that a rebuild of the gate needs: everything that the log has acknowledged is decided. */
    settlement,

    async start(): Promise<{ stop(): Promise<void> }> {
      const consumer = await settlement.start();
      outbox.start();
      return {
        async stop() {
          await consumer.close();
          await outbox.stop();
        },
      };
    },
  };
}
