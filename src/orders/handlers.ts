/** Answers the routes of the orders: one handler for each route, under the route's name in routes.ts. */
import type { FastifyReply } from "fastify";
import { callerOf, mayActFor } from "#identity";
import { openEventStream } from "#platform/event-stream";
import type { Asked } from "#platform/http";
import { isUuid } from "#platform/ids";
import { Problem, platformProblems, refuse } from "#platform/problems";
import type { NotOpen } from "./answers.ts";
import type { SeenOrder } from "./look.ts";
import type { Orders } from "./orders.ts";
import { notSettledYet, orderProblems, refusalOf, settleWithinMs } from "./problems.ts";
import { isFinal } from "./state.ts";
import type { Streams } from "./streams.ts";
import { viewOf } from "./view.ts";
import type { ListQuery, OrderParams, PaymentView, PlaceBody, PlaceHeaders, RefundBody, SearchQuery } from "./wire.ts";

export type OrderHandlersOptions = {
  orders: Orders;
  streams: Streams;
  /** The latest attempt to pay, for the order's page. */
  paymentsOf(orderIds: readonly string[]): Promise<Map<string, PaymentView>>;
};

type AskedOfOne = Asked<{ params: typeof OrderParams }>;

const pageSize = 50;

export function createOrderHandlers({ orders, streams, paymentsOf }: OrderHandlersOptions) {
  async function placeOrder(
    request: Asked<{ body: typeof PlaceBody; headers: typeof PlaceHeaders }>,
    reply: FastifyReply,
  ) {
    const { productId, quantity, expectedTotal } = request.body;
    const answer = await orders.place({
      userId: callerOf(request).userId,
      productId,
      quantity,
      expectedTotalMinor: expectedTotal ?? null,
      idempotencyKey: request.headers["idempotency-key"],
    });
    if (!answer.ok) {
      if (answer.reason === "drop_not_open") return refuseUntilOpen(reply, answer);
      const extra = answer.reason === "outcome_pending" ? { orderId: answer.orderId } : undefined;
      if (answer.reason === "overloaded") return refuse(reply, platformProblems.overloaded);
      const { kind, detail } = refusalOf(answer.reason);
      return refuse(reply, kind, detail, { extra });
    }
    const { orderId, status, totalMinor, currency, payByMs, replayed } = answer.order;
    const statusUrl = `/orders/${orderId}`;
    reply.code(202).header("location", statusUrl);
    if (replayed) reply.header("idempotency-replayed", "true");
    return {
      orderId,
      status,
      total: totalMinor,
      currency,
      payBy: new Date(payByMs).toISOString(),
      statusUrl,
      eventsUrl: `${statusUrl}/events`,
    };
  }

  async function readOrder(request: AskedOfOne) {
    const order = await ownOrder(request);
    return viewOf(order, (await paymentsOf([order.orderId])).get(order.orderId));
  }

  async function listOrders(request: Asked<{ querystring: typeof ListQuery }>) {
    const { cursor, limit = pageSize } = request.query;
    const { userId, roles } = callerOf(request);
    const after = cursor === undefined ? null : readCursor(cursor);
    const ofAll = roles.includes("ADMIN");
    const page = ofAll ? await orders.listAll(after, limit + 1) : await orders.list(userId, after, limit + 1);
    const shown = page.slice(0, limit);
    const last = shown.at(-1);
    return {
      orders: await viewsOf(shown, ofAll),
      ...(page.length > limit && last && { nextCursor: writeCursor(last) }),
    };
  }

  async function searchOrders(request: Asked<{ querystring: typeof SearchQuery }>) {
    const { status, productId, q, from, to, cursor, limit = pageSize } = request.query;
    const filter = { status, productId, q, from: momentOf("from", from), to: momentOf("to", to) };
    const page = await orders.search(filter, cursor === undefined ? null : readCursor(cursor), limit + 1);
    const shown = page.slice(0, limit);
    const last = shown.at(-1);
    return { items: await viewsOf(shown, true), nextCursor: page.length > limit && last ? writeCursor(last) : null };
  }

  async function viewsOf(shown: readonly SeenOrder[], withBuyers: boolean) {
    const payments = await paymentsOf(shown.map((order) => order.orderId));
    return shown.map((order) => ({
      ...viewOf(order, payments.get(order.orderId)),
      ...(withBuyers && { userId: order.userId }),
    }));
  }

  async function followOrder(request: AskedOfOne, reply: FastifyReply) {
    const order = await ownOrder(request);
    const lastEventId = Number(request.headers["last-event-id"] ?? 0);
    const seen = Number.isSafeInteger(lastEventId) && lastEventId > 0 ? lastEventId : 0;
    // EventSource stops reconnecting after a 204.
    if (isFinal(order.status) && seen >= order.timeline.length) {
      reply.code(204);
      return null;
    }
    const response = openEventStream(reply);
    if (response) streams.open(order, seen, response);
  }

  async function cancelOrder(request: AskedOfOne, reply: FastifyReply) {
    const seen = await ownOrder(request);
    // A voided order never gets into the books, so there is nothing to wait for.
    const order = isFinal(seen.status) ? seen : await orders.settled(seen.orderId, settleWithinMs);
    if (!order) return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    const caller = callerOf(request);
    const reason = caller.userId === order.userId ? "cancelled_by_customer" : "cancelled_by_admin";
    const cancelled = (await orders.cancel(order.orderId, reason)) ?? (await orders.read(order.orderId));
    if (cancelled?.status !== "CANCELLED") {
      const detail = `The order is ${cancelled?.status ?? order.status} and can no longer be cancelled.`;
      return refuse(reply, orderProblems.order_ended, detail);
    }
    reply.code(202);
    return viewOf(cancelled);
  }

  async function refundOrder(
    request: Asked<{ params: typeof OrderParams; body: typeof RefundBody }>,
    reply: FastifyReply,
  ) {
    const { orderId } = request.params;
    const { reason, restock = false } = request.body;
    const seen = isUuid(orderId) ? await orders.find(orderId) : undefined;
    if (seen === "undecided") return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    if (!seen) return refuse(reply, orderProblems.order_not_found);
    const refunded = await orders.refund(orderId, { reason, restock, actor: callerOf(request).userId });
    const order = refunded ?? (await orders.read(orderId)) ?? seen;
    if (order.status !== "REFUNDED") return refuse(reply, orderProblems.order_not_confirmed, whyNotRefunded(order));
    const standing = refunded ? undefined : await orders.readRefund(orderId);
    if (standing && standing.restock !== restock) {
      return refuse(reply, orderProblems.already_refunded, differenceTo(standing));
    }
    reply.code(202);
    return viewOf(order);
  }

  /** Another person's order is answered like a missing one, so that ids reveal nothing. */
  async function ownOrder(request: AskedOfOne): Promise<SeenOrder> {
    const { orderId } = request.params;
    const order = isUuid(orderId) ? await orders.find(orderId) : undefined;
    if (order === "undecided") throw new Problem(orderProblems.outcome_pending, notSettledYet);
    if (!order || !mayActFor(callerOf(request), order.userId)) throw new Problem(orderProblems.order_not_found);
    return order;
  }

  return { placeOrder, readOrder, listOrders, searchOrders, followOrder, cancelOrder, refundOrder };
}

function refuseUntilOpen(reply: FastifyReply, { opensAtMs, nowMs }: NotOpen) {
  const { kind, detail } = refusalOf("drop_not_open");
  const extra = { opensAt: new Date(opensAtMs).toISOString(), serverNow: new Date(nowMs).toISOString() };
  return refuse(reply, kind, detail, { extra, retryAfterSeconds: (opensAtMs - nowMs) / 1000 });
}

function writeCursor({ placedAt, orderId }: SeenOrder): string {
  return Buffer.from(`${placedAt.getTime()} ${orderId}`).toString("base64url");
}

function readCursor(cursor: string): { placedAt: Date; orderId: string } {
  const text = Buffer.from(cursor, "base64url").toString();
  // Fourteen digits end in the year 5138, well within PostgreSQL's range of times.
  const [, time, orderId = ""] = /^(\d{1,14}) (.*)$/.exec(text) ?? [];
  if (!isUuid(orderId)) {
    throw new Problem(platformProblems.validation, "cursor is not one that this list gave out", {
      errors: [{ in: "querystring", pointer: "#/cursor", detail: "take it from nextCursor" }],
    });
  }
  return { placedAt: new Date(Number(time)), orderId };
}

/** The format allows a leap second, which no clock here has. */
function momentOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) {
    throw new Problem(platformProblems.validation, `${name} is a moment that does not exist`, {
      errors: [{ in: "querystring", pointer: `#/${name}`, detail: "take a second before or after it" }],
    });
  }
  return moment;
}

function whyNotRefunded({ orderId, status }: SeenOrder): string {
  if (!isFinal(status)) {
    return `The order is ${status}: nothing was taken for it. To end it, cancel it: POST /orders/${orderId}/cancel.`;
  }
  return `The order is ${status}: nothing stays taken for it. What was held or taken goes back by itself; its payment says how far that is.`;
}

function differenceTo(standing: NonNullable<Awaited<ReturnType<Orders["readRefund"]>>>): string {
  const { actor, restock, productId, quantity } = standing;
  const units = `${quantity} of ${productId}`;
  return restock
    ? `It was refunded by ${actor}, and ${units} came back into stock. To take them out: POST /inventory/${productId}/adjust.`
    : `It was refunded by ${actor} without its units. To put ${units} back on sale: POST /inventory/${productId}/restock.`;
}
