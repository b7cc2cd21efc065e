import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Http } from "#platform/http";
import { isUuid } from "#platform/ids";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { SeenOrder } from "./look.ts";
import type { Orders } from "./orders.ts";
import { notSettledYet, orderProblems } from "./problems.ts";
import { isFinal } from "./state.ts";
import { orderIdParam, viewOf } from "./view.ts";

const RefundBody = Type.Object(
  {
    reason: Type.String({ maxLength: 200, pattern: "^[^\\p{Cc}\\p{Cs}]+$", description: "Its buyer is shown it" }),
    restock: Type.Optional(
      Type.Boolean({ default: false, description: "Whether the units come back into stock and on sale" }),
    ),
  },
  { additionalProperties: false, examples: [{ reason: "came back broken", restock: true }] },
);

export function refundRoutes(app: Http, { orders, identity }: { orders: Orders; identity: Identity }): void {
  app.post(
    "/orders/:orderId/refund",
    {
      onRequest: identity.guard("ADMIN"),
      schema: {
        tags: ["orders"],
        operationId: "refundOrder",
        summary: "Give back the money of a confirmed order",
        description: "Repeatable: the money goes back once, and so do the units where restock says so.",
        params: Type.Object({ orderId: orderIdParam }),
        body: RefundBody,
        response: {
          202: { ...Type.Ref("Order"), description: "REFUNDED: the money is on its way, and nothing stops it" },
          ...problemResponses(
            orderProblems.order_not_found,
            orderProblems.order_not_confirmed,
            orderProblems.already_refunded,
            orderProblems.outcome_pending,
          ),
        },
      },
    },
    async (request, reply) => {
      const { orderId } = request.params;
      const { reason, restock = false } = request.body;
      const seen = isUuid(orderId) ? await orders.find(orderId) : undefined;
      if (seen === "undecided") return refuse(reply, orderProblems.outcome_pending, notSettledYet);
      if (!seen) return refuse(reply, orderProblems.order_not_found);
      const refunded = await orders.refund(orderId, { reason, restock, actor: callerOf(request).userId });
      const order = refunded ?? (await orders.read(orderId)) ?? seen;
      if (order.status !== "REFUNDED") return refuse(reply, orderProblems.order_not_confirmed, whyNot(order));
      const standing = refunded ? undefined : await orders.readRefund(orderId);
      if (standing && standing.restock !== restock) {
        return refuse(reply, orderProblems.already_refunded, differs(standing));
      }
      reply.code(202);
      return viewOf(order);
    },
  );
}

function whyNot({ orderId, status }: SeenOrder): string {
  if (!isFinal(status)) {
    return `The order is ${status}: nothing was taken for it. To end it, cancel it: POST /orders/${orderId}/cancel.`;
  }
  return `The order is ${status}: nothing stays taken for it. What was held or taken goes back by itself; its payment says how far that is.`;
}

function differs({ actor, restock, productId, quantity }: Awaited<ReturnType<Orders["readRefund"]>> & object): string {
  const units = `${quantity} of ${productId}`;
  return restock
    ? `It was refunded by ${actor}, and ${units} came back into stock. To take them out: POST /inventory/${productId}/adjust.`
    : `It was refunded by ${actor} without its units. To put ${units} back on sale: POST /inventory/${productId}/restock.`;
}
