/** Orders: placed at the gate, settled in the books, ended once. */
import type { EventLog } from "#engines/log";
import type { Sql, Tx } from "#engines/sql";
import type { Inventory } from "#inventory";
import { type Loop, startLoop } from "#platform/loop";
import type { Metrics } from "#platform/metrics";
import {
  changeEventOf,
  listOrders,
  note,
  type Order,
  queueEvents,
  readOrder,
  readOrders,
  type TimelineEntry,
  takeStep,
} from "./books.ts";
import { createDirectOrders } from "./direct.ts";
import { productPrefix } from "./ids.ts";
import { shipOutbox } from "./outbox.ts";
import { createPlace } from "./place.ts";
import { createPublication } from "./publication.ts";
import { createSettlement } from "./settle.ts";
import { outcomeOf, type Status, type Step } from "./state.ts";

export type { PlaceAnswer, PlaceRefusal, PlaceRequest } from "./answers.ts";
export type { Order, TimelineEntry } from "./books.ts";
export { notSettledYet, orderProblems, settleWithinMs } from "./problems.ts";
export { orderRoutes } from "./routes.ts";
export { isTerminal, type Status, statuses } from "./state.ts";
export { createStreams, type Streams } from "./streams.ts";
export type { PaymentView } from "./view.ts";

export const ordersSchema = { schema: "orders", folder: new URL("./migrations/", import.meta.url) };

export type OrdersOptions = {
  sql: Sql;
  log: EventLog;
  inventory: Inventory;
  topics: { reservations: string; events: string };
  group: string;
  maxRecords: number;
  maxWaiting: number;
  paymentWindowMs: number;
  now(): number;
  onFault(what: string, error: unknown): void;
  metrics: Metrics;
};

/** An order as people see it: also one that is still on its way to the books. */
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
  | "timeline"
>;

export type Orders = ReturnType<typeof createOrders>;

const shipEveryMs = 500;
const settleLookEveryMs = 10;

export function createOrders(options: OrdersOptions) {
  const { sql, log, inventory, topics, group, maxRecords, maxWaiting, paymentWindowMs, now, onFault, metrics } =
    options;
  const changed = new Set<(order?: Order) => void>();
  const productOfPrefix = new Map<string, string>();
  let outbox: Loop | undefined;

  const settlement = createSettlement({
    ...{ sql, log, inventory, group, maxRecords, now },
    topic: topics.reservations,
    onSettled: () => tellChanged(),
  });
  const publication = createPublication({
    ...{ gate: inventory.gate, log, topic: topics.reservations, maxWaiting, now, onFault },
    voidReservations: (claims) => inventory.voidReservations(claims),
    fatesOf: (orderId) => inventory.fatesOf(orderId),
  });
  const direct = createDirectOrders({ sql, inventory, maxWaiting, now, onSettled: () => tellChanged() });
  const placing = createPlace({ sql, inventory, publication, direct, paymentWindowMs, maxWaiting, now, metrics });

  function tellChanged(order?: Order): void {
    outbox?.nudge();
    for (const listener of changed) listener(order);
  }

  /** Takes a step with everything that belongs to it: outcome of the units, event. Late or second, it changes nothing. */
  async function step(orderId: string, name: Step, reason: string | null, also?: (tx: Tx) => Promise<void>) {
    const order = await sql.transaction(async (tx) => {
      const at = new Date(now());
      const taken = await takeStep(tx, orderId, name, reason, at);
      if (!taken) return undefined;
      const outcome = outcomeOf(name);
      if (outcome) await inventory.queueOutcome(tx, taken, outcome);
      await queueEvents(tx, [changeEventOf(taken, at)]);
      await also?.(tx);
      return taken;
    });
    if (order) {
      if (outcomeOf(name)) inventory.outcomesWaiting();
      tellChanged(order);
    }
    return order;
  }

  /** Before it is in the books an order is a record at the gate, found by the product that its id begins with. */
  async function seenAtTheGate(orderId: string): Promise<SeenOrder | undefined> {
    const productId = await productOf(orderId);
    const record = productId === undefined ? undefined : await inventory.gate.record(productId, orderId);
    if (!record || record.userId === "") return undefined;
    const { userId, quantity, unitPriceMinor, currency, reservedAtMs, payByMs } = record;
    const placedAt = new Date(reservedAtMs);
    return {
      ...{ orderId, userId, productId: record.productId, quantity, unitPriceMinor, currency, placedAt },
      totalMinor: unitPriceMinor * quantity,
      status: "PENDING",
      reason: null,
      payBy: new Date(payByMs),
      timeline: [{ status: "PENDING", at: placedAt.toISOString() }],
    };
  }

  async function productOf(orderId: string): Promise<string | undefined> {
    const prefix = orderId.replaceAll("-", "").slice(0, 12);
    if (!productOfPrefix.has(prefix)) {
      for (const { productId } of await inventory.gate.snapshot()) {
        productOfPrefix.set(productPrefix(productId).toString("hex"), productId);
      }
    }
    return productOfPrefix.get(prefix);
  }

  async function read(orderId: string): Promise<SeenOrder | undefined> {
    const order = (await readOrder(sql, orderId)) ?? (await seenAtTheGate(orderId));
    if (order) return order;
    const voided = await inventory.voidedReservation(orderId);
    // It may have left the gate for the books between the two looks.
    return voided ? failedFrom(orderId, voided) : readOrder(sql, orderId);
  }

  /** Waits for an accepted order to stand in the books, which it does within milliseconds. */
  async function settled(orderId: string, withinMs: number): Promise<Order | undefined> {
    const giveUpAt = now() + withinMs;
    for (;;) {
      const order = await readOrder(sql, orderId);
      if (order || now() > giveUpAt || !(await seenAtTheGate(orderId))) return order ?? readOrder(sql, orderId);
      await new Promise((resolve) => setTimeout(resolve, settleLookEveryMs));
    }
  }

  return {
    place: placing.place,
    waiting: placing.waiting,
    read,
    settled,
    readMany: (orderIds: readonly string[]) => readOrders(sql, orderIds),
    list: (userId: string, after: { placedAt: Date; orderId: string } | null, limit: number) =>
      listOrders(sql, userId, after, limit),
    requestPayment: (orderId: string) => step(orderId, "request_payment", null),
    confirm: (orderId: string) => step(orderId, "confirm", null),
    fail: (orderId: string, reason: string) => step(orderId, "fail", reason),
    cancel: (orderId: string, reason: string) => step(orderId, "cancel", reason),
    note: (orderId: string, status: string, reason: string) => note(sql, orderId, status, reason, new Date(now())),

    /**
     * Calls back after an order changed in this process, or, without one, after new orders came into the
     * books. What changes in other processes has to be looked for.
     */
    onChange(listener: (order?: Order) => void): () => void {
      changed.add(listener);
      return () => changed.delete(listener);
    },

    /** Orders in the books whose saga nobody started, oldest first. */
    async withoutSaga(limit: number): Promise<Order[]> {
      const rows = await sql.query<{ id: string }>(
        `select order_id as id from orders.orders where not saga_started and status = 'INVENTORY_RESERVED'
          order by placed_at limit $1`,
        [limit],
      );
      return readOrders(
        sql,
        rows.map((row) => row.id),
      );
    },
    async sagaStarted(orderIds: readonly string[]): Promise<void> {
      await sql.query("update orders.orders set saga_started = true where order_id = any($1::uuid[])", [orderIds]);
    },

    /** Open orders whose deadline passed before the moment, longest overdue first. */
    async overdue(before: Date, limit: number): Promise<Order[]> {
      const rows = await sql.query<{ id: string }>(
        `select order_id as id from orders.orders
          where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING') and pay_by < $1 order by pay_by limit $2`,
        [before, limit],
      );
      return readOrders(
        sql,
        rows.map((row) => row.id),
      );
    },

    books: { drained: settlement.drained, redrive: settlement.redrive },

    async start(): Promise<{ stop(): Promise<void> }> {
      const consumer = await settlement.start();
      const loop = startLoop({
        everyMs: shipEveryMs,
        work: async () => (await shipOutbox(sql, log, topics.events)) > 0,
        onFault: (error) => onFault("outbox", error),
      });
      outbox = loop;
      return {
        async stop() {
          await consumer.close();
          await loop.stop();
        },
      };
    },
  };
}

function failedFrom(
  orderId: string,
  voided: { userId: string; productId: string; quantity: number; decidedAt: Date },
): SeenOrder {
  const entry: TimelineEntry = { status: "FAILED", at: voided.decidedAt.toISOString(), reason: "order_failed" };
  return {
    ...{ orderId, userId: voided.userId, productId: voided.productId, quantity: voided.quantity },
    ...{ unitPriceMinor: 0, totalMinor: 0, currency: "", status: "FAILED" as Status, reason: "order_failed" },
    ...{ placedAt: voided.decidedAt, payBy: voided.decidedAt, timeline: [entry] },
  };
}
