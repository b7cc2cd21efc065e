/** Describes a request to place an order, and its possible answers. */
import type { Reservation, Told } from "#inventory";
import type { SpanFields } from "#platform/span";
import type { Order } from "../books/order-rows.ts";
import type { Status } from "../state.ts";

export type PlaceRequest = {
  userId: string;
  productId: string;
  quantity: number;
  expectedTotalMinor: number | null;
  idempotencyKey?: string | undefined;
  /** A pass of this buyer for this product. It is the key of the order, whatever other key comes with it. */
  pass?: { passId: string; dropId: string; expiresAtMs: number } | undefined;
  /** A refusal is to be signed, so it tells who decided it. */
  tells?: boolean | undefined;
};

/** Requests under one key get one order. */
export function keyOf({ pass, idempotencyKey }: PlaceRequest): string | undefined {
  return pass?.passId ?? idempotencyKey;
}

export type PlacedAnswer = {
  orderId: string;
  status: Status;
  totalMinor: number;
  currency: string;
  payByMs: number;
  /** The answer to an earlier request under the same key. */
  replayed: boolean;
};

export type PlaceRefusal =
  | "product_not_found"
  | "price_not_available"
  | "price_changed"
  | "sold_out"
  | "limit_per_customer"
  | "order_failed"
  | "outcome_pending"
  | "idempotency_mismatch"
  | "overloaded"
  | "drop_ended"
  | "drop_paused"
  | "pass_required"
  | "pass_invalid"
  | "pass_expired"
  | "closed";

export type PlaceAnswer =
  | { ok: true; order: PlacedAnswer }
  | ({ ok: false; reason: PlaceRefusal; orderId: string } & LineBehind & DecidedBy)
  | ({ ok: false; orderId: string } & NotOpen & DecidedBy);

/** The gate, by which state; or the books. Left out if it was not asked for, or if neither was asked. */
export type DecidedBy = { told?: Told | "books" | undefined };

/** The same refusal, with the one that decided it. */
export function decidedBy(answer: PlaceAnswer, told: DecidedBy["told"]): PlaceAnswer {
  return answer.ok || told === undefined ? answer : { ...answer, told };
}

/**
 * `lineOf`: the drop whose line gives the passes, where one is needed or all is sold out. `mayReturn`: units that are not paid
 * yet may come back to it.
 */
export type LineBehind = { lineOf?: string | undefined; mayReturn?: boolean | undefined };

/** When the drop opens, and what the clock says that decides it. */
export type NotOpen = { reason: "drop_not_open"; opensAtMs: number; nowMs: number };

export function placed(reservation: Reservation, replayed: boolean): PlacedAnswer {
  const { orderId, unitPriceMinor, quantity, currency, payByMs } = reservation;
  return { orderId, status: "PENDING", totalMinor: unitPriceMinor * quantity, currency, payByMs, replayed };
}

export function expired(orderId: string): PlaceAnswer {
  return { ok: false, reason: "pass_expired", orderId };
}

export function notOpen({ orderId }: { orderId: string }, { reason, opensAtMs, nowMs }: NotOpen): PlaceAnswer {
  return { ok: false, reason, orderId, opensAtMs, nowMs };
}

/** Answers a repeat from the books, after the gate has forgotten the first request. The key of an archived order is used up. */
export function replay(orderId: string, order: Order | "archived", bodyHash: string): PlaceAnswer {
  if (order === "archived" || order.bodyHash !== bodyHash)
    return { ok: false, reason: "idempotency_mismatch", orderId };
  const { status, totalMinor, currency } = order;
  return { ok: true, order: { orderId, status, totalMinor, currency, payByMs: order.payBy.getTime(), replayed: true } };
}

/** The answer to a further request under a key whose first one is under way. */
export async function sameAnswer(
  first: { bodyHash: string; answer: Promise<PlaceAnswer> },
  bodyHash: string,
  orderId: string,
): Promise<PlaceAnswer> {
  if (first.bodyHash !== bodyHash) return { ok: false, reason: "idempotency_mismatch", orderId };
  const answer = await first.answer;
  return answer.ok ? { ok: true, order: { ...answer.order, replayed: true } } : answer;
}

/** The fields of the span of the request. */
export function fieldsOf(answer: PlaceAnswer): SpanFields {
  if (!answer.ok) return { "order.id": answer.orderId, "order.answer": answer.reason };
  const { orderId, replayed } = answer.order;
  return { "order.id": orderId, "order.answer": replayed ? "replayed" : "accepted" };
}
