/** Reads what the books of orders have of one order, for a person who wants to know everything about it. */
import type { Queryable } from "#engines/sql";
import { shortCodeOf } from "#platform/short-codes";
import {
  eventIdOf,
  handedOverEventType,
  orderEventTypes,
  partlyRefundedEventType,
  partlyRefundedIdOf,
  undecidedEventType,
} from "../events.ts";
import { undecidedReason } from "../state.ts";
import { partlyRefunded } from "../steps/refunds.ts";
import { type Order, readOrder } from "./order-rows.ts";
import { readQueuedIds } from "./outbox.ts";

export type OrderHistory = {
  code: string;
  order: Order | undefined;
  refund: { reason: string; actor: string; restock: boolean; askedAt: Date; doneAt: Date | null } | undefined;
  events: HistoryEvent[];
};

/** `isOnTheLog`: otherwise it waits in the outbox. */
export type HistoryEvent = { id: string; type: string; at: Date; isOnTheLog: boolean };

export async function readOrderHistory(sql: Queryable, orderId: string): Promise<OrderHistory> {
  const code = shortCodeOf(orderId);
  const order = await readOrder(sql, orderId);
  if (!order) return { code, order, refund: undefined, events: [] };
  const [refund] = await sql.query<NonNullable<OrderHistory["refund"]>>(
    `select reason, actor, restock, asked_at as "askedAt", done_at as "doneAt" from orders.refund where order_id = $1`,
    [orderId],
  );
  const ids = new Set(await readQueuedIds(sql, orderId));
  return {
    code,
    order,
    refund,
    events: eventsOf(order).map((event) => ({ ...event, isOnTheLog: !ids.has(event.id) })),
  };
}

/** An event is written in the transaction of its entry. A partial refund that an earlier version noted has no sum and no event. */
function eventsOf({ orderId, timeline }: Order): Omit<HistoryEvent, "isOnTheLog">[] {
  return timeline.flatMap(({ status, at, reason, givenBackMinor }) => {
    if (status === partlyRefunded && givenBackMinor !== undefined) {
      return [{ id: partlyRefundedIdOf(orderId, givenBackMinor), type: partlyRefundedEventType, at: new Date(at) }];
    }
    const isUndecided = status === "PAYMENT_PENDING" && reason === undecidedReason;
    const type = isUndecided ? undecidedEventType : types.get(status);
    if (type === undefined) return [];
    return [{ id: eventIdOf({ orderId, status, reason: reason ?? null }), type, at: new Date(at) }];
  });
}

const types: ReadonlyMap<string, string> = new Map([
  ...Object.entries(orderEventTypes),
  ["HANDED_OVER", handedOverEventType],
]);
