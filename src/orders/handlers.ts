/** Answers the routes of the orders: one handler for each route, under the route's name in routes.ts. */
import type { FastifyReply, onRequestHookHandler } from "fastify";
import { callerOf, type Identity, mayActFor } from "#identity";
import { openEventStream } from "#platform/event-stream";
import type { Asked } from "#platform/http";
import { isUuid } from "#platform/ids";
import { isoTime } from "#platform/iso-time";
import { Problem, refuse } from "#platform/problems";
import type { SignedText } from "#wire/fairness";
import type { LineBehind, NotOpen, PlaceRefusal, PlaceRequest } from "./accept/answers.ts";
import { pageOfOrders, positionOf } from "./books/cursors.ts";
import type { SeenOrder } from "./look.ts";
import type { Orders } from "./orders.ts";
import {
  handedOverSays,
  notSettledYet,
  orderProblems,
  refusalOf,
  refusals,
  settleWithinMs,
  whyNotExtendedDetails,
  whyNotRefunded,
} from "./problems.ts";
import type { Receipts } from "./receipts.ts";
import { isFinal } from "./state.ts";
import { whyNotExtended } from "./steps/extension.ts";
import type { Streams } from "./streams.ts";
import { type Views, viewOf } from "./view.ts";
import type { ListQuery, OrderParams, OrderView, PlaceBody, PlaceHeaders, RefundBody, RefundQuery } from "./wire.ts";

export type OrderHandlersOptions = {
  orders: Orders;
  streams: Streams;
  views: Views;
  identity: Pick<Identity, "passes" | "stands">;
  receipts: Receipts;
};

type AskedOfOne = Asked<{ params: typeof OrderParams }>;

const pageSize = 50;

export function createOrderHandlers({ orders, streams, views, identity, receipts }: OrderHandlersOptions) {
  /** Before the token and the body are looked at: under a crowd most of the work for a refused request is these two. */
  const refuseWhileFull: onRequestHookHandler = (_request, reply, done) => {
    if (orders.refusesOne()) reply.send(refuse(reply, ...refusals.overloaded));
    else done();
  };

  async function placeOrder(
    request: Asked<{ body: typeof PlaceBody; headers: typeof PlaceHeaders }>,
    reply: FastifyReply,
  ) {
    const { productId, quantity, expectedTotal } = request.body;
    const { userId } = callerOf(request);
    const token = request.headers["drop-pass"];
    const pass = token === undefined ? undefined : identity.passes.read(token);
    const isOwnPass = pass?.userId === userId && pass.productId === productId;
    if (token !== undefined && !isOwnPass) return refusePlacing(reply, { reason: "pass_invalid" });
    const asked: PlaceRequest = {
      userId,
      productId,
      quantity,
      expectedTotalMinor: expectedTotal ?? null,
      idempotencyKey: request.headers["idempotency-key"],
      pass,
      tells: receipts.wanted(request.headers.prefer),
    };
    const answer = await orders.place(asked);
    if (!answer.ok) {
      const receipt = receipts.no(asked, answer);
      if (receipt) reply.header("preference-applied", "receipt");
      return answer.reason === "drop_not_open"
        ? refuseUntilOpen(reply, answer, receipt)
        : refusePlacing(reply, answer, receipt);
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
      payBy: isoTime(payByMs),
      statusUrl,
      eventsUrl: `${statusUrl}/events`,
    };
  }

  async function readOrder(request: AskedOfOne) {
    const order = await ownOrder(request);
    const [view] = callerOf(request).roles.includes("ADMIN")
      ? await views.forAdmin([order])
      : await views.forBuyer([order]);
    return view as OrderView;
  }

  /** Made when it is asked for, so that accepting an order costs no signature. */
  async function getReceipt(request: AskedOfOne, reply: FastifyReply) {
    const seen = await ownOrder(request);
    const order = await orders.settled(seen.orderId, settleWithinMs);
    // The books voided it: it was never accepted, and so it has no row.
    if (!order && seen.status === "FAILED") return receipts.voided(seen);
    if (!order) return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    return receipts.yes(order);
  }

  async function listOrders(request: Asked<{ querystring: typeof ListQuery }>) {
    const { cursor, limit = pageSize } = request.query;
    const { userId, roles } = callerOf(request);
    const after = positionOf(cursor);
    const ofAll = roles.includes("ADMIN");
    const page = ofAll ? await orders.listAll(after, limit + 1) : await orders.list(userId, after, limit + 1);
    const { shown, nextCursor } = pageOfOrders(page, limit);
    return {
      orders: ofAll ? await views.forAdmin(shown) : await views.forBuyer(shown),
      ...(nextCursor !== null && { nextCursor }),
    };
  }

  async function followOrder(request: AskedOfOne, reply: FastifyReply) {
    const order = await ownOrder(request);
    // 0 also after an id that this order never had: its reader then needs the whole.
    const seen = order.timeline.findIndex((_, i) => request.headers["last-event-id"] === String(i + 1)) + 1;
    // EventSource stops reconnecting after a 204.
    if (isFinal(order.status) && seen === order.timeline.length) {
      reply.code(204);
      return null;
    }
    const response = openEventStream(reply);
    if (response) streams.open(order, seen, response, () => identity.stands(callerOf(request)));
  }

  async function cancelOrder(request: AskedOfOne, reply: FastifyReply) {
    const order = await ownSettledOrder(request);
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

  async function extendOrder(request: AskedOfOne, reply: FastifyReply) {
    const order = await ownSettledOrder(request);
    const extended = await orders.extend(order.orderId);
    if (!extended) {
      const standing = (await orders.read(order.orderId)) ?? order;
      const reason = whyNotExtended(standing);
      const extra = { payBy: standing.payBy.toISOString() };
      return refuse(reply, orderProblems[reason], whyNotExtendedDetails[reason], { extra });
    }
    reply.code(202);
    return viewOf(extended);
  }

  async function refundOrder(
    request: Asked<{ params: typeof OrderParams; body: typeof RefundBody; querystring: typeof RefundQuery }>,
    reply: FastifyReply,
  ) {
    const { orderId } = request.params;
    const { reason, restock = false } = request.body;
    const seen = isUuid(orderId) ? await orders.find(orderId) : undefined;
    if (seen === "undecided") return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    if (!seen) return refuse(reply, ...refusals.notFound);
    const actor = callerOf(request).userId;
    const refunded = await orders.refund(orderId, { reason, restock, actor, ...(request.query.force && forced) });
    const order = refunded ?? (await orders.read(orderId)) ?? seen;
    if (order.status === "CONFIRMED") return refuse(reply, orderProblems.handed_over, handedOverSays);
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
    if (!order || !mayActFor(callerOf(request), order.userId)) throw new Problem(...refusals.notYours);
    return order;
  }

  /** A step of an order is taken in the books, so this waits a moment until they have it. */
  async function ownSettledOrder(request: AskedOfOne): Promise<SeenOrder> {
    const seen = await ownOrder(request);
    const order = seen.status === "PENDING" ? await orders.settled(seen.orderId, settleWithinMs) : seen;
    if (!order) throw new Problem(orderProblems.outcome_pending, notSettledYet);
    return order;
  }

  return {
    refuseWhileFull,
    placeOrder,
    readOrder,
    listOrders,
    followOrder,
    cancelOrder,
    extendOrder,
    refundOrder,
    getReceipt,
  };
}

const forced = { evenIfHandedOver: true } as const;

type Refused = LineBehind & { reason: PlaceRefusal; orderId?: string };

function refusePlacing(reply: FastifyReply, { reason, orderId, lineOf, mayReturn }: Refused, receipt?: SignedText) {
  if (reason === "overloaded") return refuse(reply, ...refusals.overloaded);
  const lineUrl = `/drops/${lineOf}/room`;
  const { kind, detail } = refusalOf(reason);
  return refuse(reply, kind, detail, {
    extra: {
      ...(reason === "outcome_pending" && { orderId }),
      ...(reason === "pass_required" && { roomUrl: lineUrl }),
      ...(reason === "sold_out" && lineOf !== undefined && { mayReturn, listUrl: lineUrl }),
      ...(receipt && { receipt }),
    },
  });
}

function refuseUntilOpen(reply: FastifyReply, { opensAtMs, nowMs }: NotOpen, receipt: SignedText | undefined) {
  const { kind, detail } = refusalOf("drop_not_open");
  const opens = { opensAt: new Date(opensAtMs).toISOString(), serverNow: new Date(nowMs).toISOString() };
  const extra = { ...opens, ...(receipt && { receipt }) };
  return refuse(reply, kind, detail, { extra, retryAfterSeconds: (opensAtMs - nowMs) / 1000 });
}

function differenceTo(standing: NonNullable<Awaited<ReturnType<Orders["readRefund"]>>>): string {
  const { actor, restock, productId, quantity } = standing;
  const units = `${quantity} of ${productId}`;
  return restock
    ? `It was refunded by ${actor}, and ${units} came back into stock. To take them out: POST /inventory/${productId}/adjust.`
    : `It was refunded by ${actor} without its units. To put ${units} back on sale: POST /inventory/${productId}/restock.`;
}
