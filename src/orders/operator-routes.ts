/** Lists the routes of an operator's work on the orders of all customers: search, CSV, and acts on many orders. */
import { Type } from "typebox";
import type { Http } from "#platform/http";
import { type Guard, problemResponses } from "#platform/openapi";
import { createBulkHandlers } from "./bulk/handlers.ts";
import { createOperatorHandlers, type OperatorHandlersOptions } from "./operator-handlers.ts";
import { orderProblems } from "./problems.ts";
import {
  BulkPlan,
  ItemsAnswer,
  ItemsQuery,
  OrderFilterBody,
  PlanParams,
  PreviewBody,
  SearchAnswer,
  SearchQuery,
} from "./wire.ts";

export type OperatorRoutesOptions = OperatorHandlersOptions;

export function operatorRoutes(app: Http, { admin, ...options }: OperatorRoutesOptions & { admin: Guard }): void {
  const handlers = createOperatorHandlers(options);
  const bulk = createBulkHandlers({ bulk: options.orders.bulk, filterOf: handlers.filterOf });
  app.addSchema(BulkPlan);

  app.get("/admin/orders", { onRequest: admin, schema: documents.searchOrders }, handlers.searchOrders);
  app.get("/admin/orders.csv", { onRequest: admin, schema: documents.exportOrders }, handlers.exportOrders);
  app.post("/admin/orders/bulk/preview", { onRequest: admin, schema: documents.previewBulk }, bulk.previewBulk);
  app.post("/admin/orders/bulk/:planId/run", { onRequest: admin, schema: documents.runBulk }, bulk.runBulk);
  app.get("/admin/orders/bulk/:planId", { onRequest: admin, schema: documents.getBulk }, bulk.getBulk);
  app.get("/admin/orders/bulk/:planId/orders", { onRequest: admin, schema: documents.listBulk }, bulk.listBulk);
}

const tags = ["orders"];
const { bulk_too_large, bulk_plan_not_found, bulk_plan_expired } = orderProblems;

const documents = {
  searchOrders: {
    tags,
    operationId: "searchOrders",
    summary: "Orders of all customers, newest first, that are like the filter",
    description: "It may be a moment old.",
    querystring: SearchQuery,
    response: { 200: SearchAnswer },
  },
  exportOrders: {
    tags,
    operationId: "exportOrders",
    summary: "The same orders as CSV, all of them",
    description: "Amounts are in minor units of the currency. A text that a spreadsheet would run begins with '.",
    querystring: OrderFilterBody,
    produces: ["text/csv"],
    response: {
      200: { description: "A header, then a line an order", content: { "text/csv": { schema: Type.String() } } },
    },
  },
  previewBulk: {
    tags,
    operationId: "previewBulk",
    summary: "Plans an act on many orders, and says how many they are and what they come to",
    description:
      "cancel takes the orders like the filter that are open, refund those that are confirmed. Nothing changes until " +
      "the plan is run; then it takes exactly these orders.",
    body: PreviewBody,
    response: { 200: Type.Ref("BulkPlan"), ...problemResponses(bulk_too_large) },
  },
  runBulk: {
    tags,
    operationId: "runBulk",
    summary: "Runs a plan, once",
    description: "Repeatable: a plan that was started already goes on as it was.",
    params: PlanParams,
    response: {
      202: { ...Type.Ref("BulkPlan"), description: "Started: ask the plan how far it is" },
      ...problemResponses(bulk_plan_not_found, bulk_plan_expired),
    },
  },
  getBulk: {
    tags,
    operationId: "getBulk",
    summary: "A plan and how far it is",
    params: PlanParams,
    response: { 200: Type.Ref("BulkPlan"), ...problemResponses(bulk_plan_not_found) },
  },
  listBulk: {
    tags,
    operationId: "listBulk",
    summary: "The orders of a plan, each with what became of it",
    params: PlanParams,
    querystring: ItemsQuery,
    response: { 200: ItemsAnswer, ...problemResponses(bulk_plan_not_found) },
  },
};
