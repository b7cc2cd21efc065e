/** Lists the routes of the orders over HTTP: each with its guard, its document and its handler. */
import { Type } from "typebox";
import type { Identity } from "#identity";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { platformProblems } from "#platform/problems";
import { SignedText } from "#wire/fairness";
import { createOrderHandlers, type OrderHandlersOptions } from "./handlers.ts";
import { type OperatorRoutesOptions, operatorRoutes } from "./operator-routes.ts";
import { orderProblems, placeProblems } from "./problems.ts";
import { createReceipts } from "./receipts.ts";
import { createViews, type ViewsOptions } from "./view.ts";
import {
  ListAnswer,
  ListQuery,
  OrderParams,
  OrderView,
  PaymentView,
  PlaceBody,
  PlacedView,
  PlaceHeaders,
  RefundBody,
  RefundQuery,
} from "./wire.ts";

export type OrderRoutesOptions = Omit<OrderHandlersOptions, "views" | "identity" | "receipts"> &
  Omit<OperatorRoutesOptions, "views"> &
  ViewsOptions & { identity: Identity; now(): number };

export function orderRoutes(app: Http, { identity, ...options }: OrderRoutesOptions): void {
  const views = createViews(options);
  const receipts = createReceipts(identity, options.now);
  const handlers = createOrderHandlers({ ...options, views, identity, receipts });
  const customer = identity.guard("CUSTOMER");
  const limitedCustomer = identity.limitedGuard("CUSTOMER");
  const admin = identity.guard("ADMIN");
  for (const schema of [PaymentView, OrderView, PlacedView]) app.addSchema(schema);

  const onPlacing = [handlers.refuseWhileFull, limitedCustomer];
  app.post("/orders", { onRequest: onPlacing, schema: documents.placeOrder }, handlers.placeOrder);
  app.get("/orders/:orderId", { onRequest: customer, schema: documents.getOrder }, handlers.readOrder);
  app.get("/orders", { onRequest: customer, schema: documents.listOrders }, handlers.listOrders);
  app.get("/orders/:orderId/events", { onRequest: customer, schema: documents.followOrder }, handlers.followOrder);
  app.get(
    "/orders/:orderId/receipt",
    { onRequest: limitedCustomer, schema: documents.getReceipt },
    handlers.getReceipt,
  );
  app.post(
    "/orders/:orderId/cancel",
    { onRequest: limitedCustomer, schema: documents.cancelOrder },
    handlers.cancelOrder,
  );
  app.post(
    "/orders/:orderId/extend",
    { onRequest: limitedCustomer, schema: documents.extendOrder },
    handlers.extendOrder,
  );
  app.post("/orders/:orderId/refund", { onRequest: admin, schema: documents.refundOrder }, handlers.refundOrder);
  operatorRoutes(app, { ...options, views, admin });
}

const tags = ["orders"];

const documents = {
  placeOrder: {
    tags,
    operationId: "placeOrder",
    summary: "Place an order",
    body: PlaceBody,
    headers: PlaceHeaders,
    response: {
      202: {
        ...Type.Ref("PlacedOrder"),
        description:
          "Accepted: the units are yours until payBy. A repeat under the key gets the same order, maybe with its first status; `statusUrl` has the present one",
      },
      ...problemResponses(...placeProblems, platformProblems.overloaded),
    },
  },
  getOrder: {
    tags,
    operationId: "getOrder",
    summary: "One order of yours, with its timeline",
    params: OrderParams,
    response: {
      200: Type.Ref("Order"),
      ...problemResponses(orderProblems.order_not_found, orderProblems.outcome_pending),
    },
  },
  listOrders: {
    tags,
    operationId: "listOrders",
    summary: "Your orders, newest first",
    description: "An ADMIN's list has the orders of all customers, with their users, and may be a moment old.",
    querystring: ListQuery,
    response: { 200: ListAnswer },
  },
  followOrder: {
    tags,
    operationId: "followOrder",
    summary: "The changes of one of your orders, as server-sent events",
    description:
      "First `snapshot`, then a `status` event for each entry of the timeline. That of PAYMENT_PENDING has `payBy` too, and " +
      "`extendable` if that is offered: of an order that is settled late the deadline is later than it was told. " +
      "Reconnect with Last-Event-ID.",
    params: OrderParams,
    produces: ["text/event-stream"],
    response: {
      200: {
        description: "The stream; it ends with the order's final state",
        content: { "text/event-stream": { schema: Type.String() } },
      },
      204: Type.Null({ description: "You have seen every event of this order" }),
      ...problemResponses(orderProblems.order_not_found, orderProblems.outcome_pending),
    },
  },
  getReceipt: {
    tags,
    operationId: "getReceipt",
    summary: "What became of one of your orders, signed by the shop",
    description:
      "A yes of an accepted order, with its reservation at the gate and how it stands; a no of an order that failed before it was accepted. `dropgate receipt FILE` checks it.",
    params: OrderParams,
    response: {
      200: SignedText,
      ...problemResponses(orderProblems.order_not_found, orderProblems.outcome_pending),
    },
  },
  cancelOrder: {
    tags,
    operationId: "cancelOrder",
    summary: "Cancel an order that is not paid",
    params: OrderParams,
    response: {
      202: Type.Ref("Order"),
      ...problemResponses(orderProblems.order_not_found, orderProblems.order_ended, orderProblems.outcome_pending),
    },
  },
  extendOrder: {
    tags,
    operationId: "extendOrder",
    summary: "Extend the time to pay an order, once",
    description: "By what its drop offers: `extendable` says by how much and until when. The later deadline is payBy.",
    params: OrderParams,
    response: {
      202: { ...Type.Ref("Order"), description: "The units are yours until the later payBy" },
      ...problemResponses(
        orderProblems.order_not_found,
        orderProblems.order_ended,
        orderProblems.already_extended,
        orderProblems.extension_not_offered,
        orderProblems.too_late,
        orderProblems.outcome_pending,
      ),
    },
  },
  refundOrder: {
    tags,
    operationId: "refundOrder",
    summary: "Give back the money of a confirmed order",
    description:
      "Repeatable: the money goes back once, and so do the units if restock is true. Once its parcel was handed over, it needs `force=true`.",
    params: OrderParams,
    querystring: RefundQuery,
    body: RefundBody,
    response: {
      202: { ...Type.Ref("Order"), description: "REFUNDED: the money is on its way back" },
      ...problemResponses(
        orderProblems.order_not_found,
        orderProblems.order_not_confirmed,
        orderProblems.handed_over,
        orderProblems.already_refunded,
        orderProblems.outcome_pending,
      ),
    },
  },
};
