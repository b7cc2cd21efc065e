import { Type } from "typebox";
import { callerOf, type Identity, mayActFor } from "#identity";
import { openEventStream } from "#platform/event-stream";
import type { Http } from "#platform/http";
import { isUuid } from "#platform/ids";
import { problemResponses } from "#platform/openapi";
import { Problem, platformProblems, refuse } from "#platform/problems";
import type { SeenOrder } from "./look.ts";
import type { Orders } from "./orders.ts";
import { notSettledYet, orderProblems, placeProblems, refusalOf, settleWithinMs } from "./problems.ts";
import { isFinal } from "./state.ts";
import type { Streams } from "./streams.ts";
import { OrderView, orderIdParam, PaymentView, PlacedView, viewOf } from "./view.ts";

export type OrderRoutesOptions = {
  orders: Orders;
  streams: Streams;
  identity: Identity;
  /** The latest attempt to pay, for the order's page. */
  paymentsOf(orderIds: readonly string[]): Promise<Map<string, PaymentView>>;
};

const maxQuantity = 1_000;
const pageSize = 50;

const PlaceBody = Type.Object(
  {
    // Any one-line text: PostgreSQL stores neither NUL nor half of a surrogate pair.
    productId: Type.String({ maxLength: 64, pattern: "^[^\\p{Cc}\\p{Cs}]+$", examples: ["test-product-123"] }),
    quantity: Type.Integer({ minimum: 1, maximum: maxQuantity, examples: [1] }),
    expectedTotal: Type.Optional(
      Type.Integer({ minimum: 0, description: "What you expect to pay, in minor units; refused if it is not" }),
    ),
  },
  { additionalProperties: false, examples: [{ productId: "test-product-123", quantity: 1 }] },
);
const PlaceHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
      ...{ description: "A retry under the same key gets one order" },
    }),
  ),
});
const OrderParams = Type.Object({ orderId: orderIdParam });
const ListQuery = Type.Object(
  { cursor: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) },
  { additionalProperties: false },
);

export function orderRoutes(app: Http, { orders, streams, identity, paymentsOf }: OrderRoutesOptions): void {
  app.addSchema(PaymentView);
  app.addSchema(OrderView);
  app.addSchema(PlacedView);

  app.post(
    "/orders",
    {
      onRequest: identity.limitedGuard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "placeOrder",
        summary: "Place an order",
        body: PlaceBody,
        headers: PlaceHeaders,
        response: {
          202: { ...Type.Ref("PlacedOrder"), description: "Accepted: the units are yours until payBy" },
          ...problemResponses(...placeProblems, platformProblems.overloaded),
        },
      },
    },
    async (request, reply) => {
      const { productId, quantity, expectedTotal } = request.body;
      const answer = await orders.place({
        userId: callerOf(request).userId,
        productId,
        quantity,
        expectedTotalMinor: expectedTotal ?? null,
        idempotencyKey: request.headers["idempotency-key"],
      });
      if (!answer.ok) {
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
        ...{ orderId, status, total: totalMinor, currency },
        ...{ payBy: new Date(payByMs).toISOString(), statusUrl, eventsUrl: `${statusUrl}/events` },
      };
    },
  );

  app.get(
    "/orders/:orderId",
    {
      onRequest: identity.guard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "getOrder",
        summary: "One order of yours, with its timeline",
        params: OrderParams,
        response: {
          200: Type.Ref("Order"),
          ...problemResponses(orderProblems.order_not_found, orderProblems.outcome_pending),
        },
      },
    },
    async (request) => {
      const order = await ownOrder(request, request.params.orderId);
      return viewOf(order, (await paymentsOf([order.orderId])).get(order.orderId));
    },
  );

  app.get(
    "/orders",
    {
      onRequest: identity.guard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "listOrders",
        summary: "Your orders, newest first",
        description: "An ADMIN's list has everybody's orders, with their users, and may be a moment old.",
        querystring: ListQuery,
        response: {
          200: Type.Object({ orders: Type.Array(Type.Ref("Order")), nextCursor: Type.Optional(Type.String()) }),
        },
      },
    },
    async (request) => {
      const { cursor, limit = pageSize } = request.query;
      const { userId, roles } = callerOf(request);
      const after = cursor === undefined ? null : readCursor(cursor);
      const ofAll = roles.includes("ADMIN");
      const page = ofAll ? await orders.listAll(after, limit + 1) : await orders.list(userId, after, limit + 1);
      const shown = page.slice(0, limit);
      const last = shown.at(-1);
      const payments = await paymentsOf(shown.map((order) => order.orderId));
      return {
        orders: shown.map((order) => ({
          ...viewOf(order, payments.get(order.orderId)),
          ...(ofAll && { userId: order.userId }),
        })),
        ...(page.length > limit && last && { nextCursor: writeCursor(last) }),
      };
    },
  );

  app.get(
    "/orders/:orderId/events",
    {
      onRequest: identity.guard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "followOrder",
        summary: "What happens to one order of yours, as server-sent events",
        description: "First `snapshot`, then a `status` event an entry of the timeline. Reconnect with Last-Event-ID.",
        params: OrderParams,
        produces: ["text/event-stream"],
        response: {
          200: {
            description: "The stream; it ends with the order's final state",
            content: { "text/event-stream": { schema: Type.String() } },
          },
          204: Type.Null({ description: "You have seen all there will be" }),
          ...problemResponses(orderProblems.order_not_found, orderProblems.outcome_pending),
        },
      },
    },
    async (request, reply) => {
      const order = await ownOrder(request, request.params.orderId);
      const lastEventId = Number(request.headers["last-event-id"] ?? 0);
      const seen = Number.isSafeInteger(lastEventId) && lastEventId > 0 ? lastEventId : 0;
      // EventSource stops asking after a 204.
      if (isFinal(order.status) && seen >= order.timeline.length) {
        reply.code(204);
        return null;
      }
      const response = openEventStream(reply);
      if (response) streams.open(order, seen, response);
    },
  );

  app.post(
    "/orders/:orderId/cancel",
    {
      onRequest: identity.limitedGuard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "cancelOrder",
        summary: "Cancel an order that is not paid",
        params: OrderParams,
        response: {
          202: Type.Ref("Order"),
          ...problemResponses(orderProblems.order_not_found, orderProblems.order_ended, orderProblems.outcome_pending),
        },
      },
    },
    async (request, reply) => {
      const seen = await ownOrder(request, request.params.orderId);
      // What was decided void ended without ever standing in the books: there is nothing to wait for.
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
    },
  );

  /** Another person's order is answered like none, so that ids reveal nothing. */
  async function ownOrder(request: Parameters<typeof callerOf>[0], orderId: string): Promise<SeenOrder> {
    const order = isUuid(orderId) ? await orders.find(orderId) : undefined;
    if (order === "undecided") throw new Problem(orderProblems.outcome_pending, notSettledYet);
    if (!order || !mayActFor(callerOf(request), order.userId)) throw new Problem(orderProblems.order_not_found);
    return order;
  }
}

function writeCursor({ placedAt, orderId }: SeenOrder): string {
  return Buffer.from(`${placedAt.getTime()} ${orderId}`).toString("base64url");
}

function readCursor(cursor: string): { placedAt: Date; orderId: string } {
  const text = Buffer.from(cursor, "base64url").toString();
  // Fourteen digits end in the year 5138, well within what PostgreSQL takes for a moment.
  const [, time, orderId = ""] = /^(\d{1,14}) (.*)$/.exec(text) ?? [];
  if (!isUuid(orderId)) {
    throw new Problem(platformProblems.validation, "cursor is not one that this list gave out", {
      errors: [{ in: "querystring", pointer: "#/cursor", detail: "take it from nextCursor" }],
    });
  }
  return { placedAt: new Date(Number(time)), orderId };
}
