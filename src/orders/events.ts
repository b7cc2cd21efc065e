/** Describes the events of orders: reservations for the settlement, and changes of state for every listener. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { type NewRecord, refuseForeign, type StoredRecord } from "#engines/log";
import { cloudEvent } from "#engines/outbox";
import type { Reservation } from "#inventory";
import { isUuid } from "#platform/ids";
import { isoTime } from "#platform/iso-time";
import { storable } from "#platform/wire";
import { type Order, type SettledOrder, statusesOf } from "./books/order-rows.ts";
import { isUndecided, type Status, undecidedReason } from "./state.ts";
import type { PartialRefund } from "./steps/refunds.ts";

// The limits of the gate, the books and JavaScript: a record beyond them was not made by a gate.
const count = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
function large(minimum: number) {
  return Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER });
}

/** The last moment that a Date can hold. */
const moment = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
function text(maxLength: number) {
  return Type.String({ minLength: 1, maxLength, pattern: storable });
}

export const ReservationData = Type.Object({
  productId: text(128),
  orderId: Type.String({ maxLength: 36 }),
  epoch: count,
  reservationNo: large(1),
  userId: text(512),
  quantity: count,
  unitPriceMinor: large(0),
  currency: Type.String({ pattern: "^[A-Z]{3}$" }),
  priceVersion: large(0),
  limitPerCustomer: Type.Union([large(1), Type.Null()]),
  bodyHash: Type.String({ maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
  reservedAtMs: moment,
  payByMs: moment,
});
const reservation = Compile(ReservationData);

export const reservationType = "dropgate.units.reserved";

/** A reservation in `orders.reservations`, keyed by order id. */
export function reservationRecord(reserved: Reservation, traceparent?: string): NewRecord {
  const { orderId, reservationNo } = reserved;
  const id = `${orderId}:${reservationNo}`;
  return cloudEvent({ key: orderId, id, source: "/orders", type: reservationType, traceparent, data: reserved });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws Error naming the fault of a record that can never be settled. */
export function decodeReservation(record: StoredRecord): Reservation {
  refuseForeign(record);
  const value = inPresentForm(JSON.parse(utf8.decode(record.value)));
  if (!reservation.Check(value)) {
    const [fault] = reservation.Errors(value);
    throw new Error(`not a reservation: ${fault?.instancePath || "the value"} ${fault?.message ?? "is malformed"}`);
  }
  if (!isUuid(value.orderId)) throw new Error("not a reservation: /orderId is not a UUID in lower case");
  if (!Number.isSafeInteger(value.unitPriceMinor * value.quantity)) {
    throw new Error("not a reservation: /unitPriceMinor times /quantity is more than can be paid");
  }
  return value as Static<typeof ReservationData>;
}

/** An earlier version named the number `n`. The log may have such records, and a dead letter can be replayed at any time. */
function inPresentForm(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("n" in value) || "reservationNo" in value) return value;
  const { n, ...rest } = value;
  return { ...rest, reservationNo: n };
}

export const orderEventTypes = {
  INVENTORY_RESERVED: "dropgate.order.reserved",
  PAYMENT_PENDING: "dropgate.order.payment-requested",
  CONFIRMED: "dropgate.order.confirmed",
  FAILED: "dropgate.order.failed",
  CANCELLED: "dropgate.order.cancelled",
  REFUNDED: "dropgate.order.refunded",
} as const;

/**
 * The order's deadline has passed, its units are on sale again, and the provider is still deciding about its payment.
 */
export const undecidedEventType = "dropgate.order.payment-undecided";

/** The order's units have left the warehouse. It stays CONFIRMED. */
export const handedOverEventType = "dropgate.order.handed-over";

/** A part of a paid order's money has gone back. It stays CONFIRMED. */
export const partlyRefundedEventType = "dropgate.order.partly-refunded";

/** The order as of then. Further fields may come with later versions. */
export const OrderEventData = Type.Object(
  {
    orderId: Type.String({ format: "uuid" }),
    userId: Type.String(),
    productId: Type.String(),
    quantity: Type.Integer({ minimum: 1 }),
    totalMinor: Type.Integer({ minimum: 0, description: "In the currency's minor unit" }),
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" }),
    status: Type.String({ description: "As in GET /orders/{orderId}" }),
    reason: Type.Union([Type.String(), Type.Null()], { description: "Why the order ended, if it did not end well" }),
    payBy: Type.Optional(
      Type.String({
        format: "date-time",
        description: "Until when it can be paid, while it is open; an extension moves it",
      }),
    ),
    partMinor: Type.Optional(
      Type.Integer({ minimum: 1, description: "What this partial refund gives back, in the currency's minor unit" }),
    ),
    givenBackMinor: Type.Optional(
      Type.Integer({ minimum: 1, description: "What partial refunds have given back in all, this one included" }),
    ),
  },
  { $id: "OrderEventData", additionalProperties: true },
);

/** Whether the record tells one of these events of an order of this shop; its key is then the order's id. */
export function isOneOf(
  types: ReadonlySet<string | undefined>,
  { key, headers, foreign }: Pick<StoredRecord, "key" | "headers" | "foreign">,
): boolean {
  return foreign === undefined && types.has(headers.ce_type) && isUuid(key);
}

/** One event of `orders.events`, keyed by order id. */
export type OrderEvent = {
  id: string;
  type:
    | (typeof orderEventTypes)[keyof typeof orderEventTypes]
    | typeof undecidedEventType
    | typeof handedOverEventType
    | typeof partlyRefundedEventType;
  time: string;
  /** The trace of the order, if it has one. */
  traceparent?: string;
  data: Static<typeof OrderEventData>;
};

/** The events of an order that comes into the books. They differ by status alone, so the rest is kept once. */
export type SettledEvents = Pick<OrderEvent, "time" | "traceparent"> & {
  statuses: readonly Status[];
  data: Omit<OrderEvent["data"], "status">;
};

export function settledEventsOf({ reservation, status, reason }: SettledOrder, at: Date): SettledEvents {
  const { orderId, userId, productId, quantity, unitPriceMinor, currency, payByMs } = reservation;
  const totalMinor = unitPriceMinor * quantity;
  const data = { orderId, userId, productId, quantity, totalMinor, currency, reason, payBy: isoTime(payByMs) };
  return { statuses: statusesOf(status), time: isoTime(at.getTime()), data };
}

export function settledEvents({ statuses, time, traceparent, data }: SettledEvents): OrderEvent[] {
  const traced = traceparent === undefined ? undefined : { traceparent };
  return statuses.map((status) => ({ ...eventOf({ ...data, status }, time), ...traced }));
}

export function changeEventOf(order: Told & { payBy: Date }, at: Date): OrderEvent {
  return eventOf({ ...order, payBy: isoTime(order.payBy.getTime()) }, isoTime(at.getTime()));
}

type Told = Pick<
  Order,
  "orderId" | "userId" | "productId" | "quantity" | "totalMinor" | "currency" | "reason" | "status"
>;

/**
 * A listener takes each id once. An order may be PAYMENT_PENDING twice, and FAILED twice: a fenced one may be placed again
 * under its key, as a new order.
 */
export function eventIdOf({ orderId, status, reason }: Pick<Told, "orderId" | "reason"> & { status: string }): string {
  const isFenced = status === "FAILED" && reason === "fenced";
  const isNamed = isFenced || (status === "PAYMENT_PENDING" && reason === undecidedReason);
  return isNamed ? `${orderId}:${status}:${reason}` : `${orderId}:${status}`;
}

/** A row of an earlier version has no deadline. */
function eventOf(order: Told & { payBy?: string | undefined }, time: string): OrderEvent {
  const { orderId, userId, productId, quantity, totalMinor, currency, reason, status, payBy } = order;
  if (status === "PENDING") throw new Error(`order ${orderId} is in the books, so it is not pending`);
  const undecided = isUndecided(order);
  const isPayable = payBy && !undecided && (status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING");
  const told = { orderId, userId, productId, quantity, totalMinor, currency, status, reason };
  return {
    id: eventIdOf(order),
    type: undecided ? undecidedEventType : orderEventTypes[status],
    time,
    data: { ...told, ...(isPayable && { payBy }) },
  };
}

export function handedOverEventOf(order: Order, at: Date): OrderEvent {
  return { ...changeEventOf(order, at), id: `${order.orderId}:HANDED_OVER`, type: handedOverEventType };
}

export function partlyRefundedEventOf(order: Order, { partMinor, givenBackMinor, at }: PartialRefund): OrderEvent {
  const event = changeEventOf(order, at);
  return {
    ...event,
    id: partlyRefundedIdOf(order.orderId, givenBackMinor),
    type: partlyRefundedEventType,
    data: { ...event.data, partMinor, givenBackMinor },
  };
}

/** The sum so far grows with each part, so two parts of the same sum are two events. */
export function partlyRefundedIdOf(orderId: string, givenBackMinor: number): string {
  return `${orderId}:PARTLY_REFUNDED:${givenBackMinor}`;
}

export function orderEventRecord({ id, type, time, traceparent, data }: OrderEvent): NewRecord {
  return cloudEvent({ key: data.orderId, id, source: "/orders", type, time, traceparent, data });
}
