import { Type } from "typebox";
import { callerOf, type Identity, mayActFor } from "#identity";
import { isFinal, notSettledYet, type Orders, orderIdParam, orderProblems, settleWithinMs } from "#orders";
import { type Payment, paymentProblems, payRequestSchema } from "#payment";
import type { Http } from "#platform/http";
import { isUuid } from "#platform/ids";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";

export type FulfilmentRoutesOptions = { orders: Orders; payment: Payment; identity: Identity };

export function fulfilmentRoutes(app: Http, { orders, payment, identity }: FulfilmentRoutesOptions): void {
  app.post(
    "/orders/:orderId/payment",
    {
      onRequest: identity.limitedGuard("CUSTOMER"),
      schema: {
        tags: ["orders"],
        operationId: "payOrder",
        summary: "Pay an order; the verdict comes with its status",
        description:
          "A declined card may be followed by another one until payBy. No Idempotency-Key is needed: while an attempt is " +
          "being decided, and once one is approved, another is refused and nothing is charged twice.",
        params: Type.Object({ orderId: orderIdParam }),
        body: payRequestSchema,
        response: {
          202: Type.Object({
            orderId: Type.String(),
            paymentId: Type.String(),
            status: Type.Literal("processing"),
            statusUrl: Type.String(),
          }),
          ...problemResponses(
            orderProblems.order_not_found,
            orderProblems.order_ended,
            orderProblems.outcome_pending,
            paymentProblems.payment_in_progress,
            paymentProblems.already_paid,
            paymentProblems.payment_closed,
            paymentProblems.too_many_attempts,
          ),
        },
      },
    },
    async (request, reply) => {
      const { orderId } = request.params;
      const seen = isUuid(orderId) ? await orders.find(orderId) : undefined;
      if (seen === "undecided") return refuse(reply, orderProblems.outcome_pending, notSettledYet);
      if (!seen || !mayActFor(callerOf(request), seen.userId)) return refuse(reply, orderProblems.order_not_found);
      const order = isFinal(seen.status) ? seen : await orders.settled(orderId, settleWithinMs);
      if (!order) return refuse(reply, orderProblems.outcome_pending, notSettledYet);
      if (order.status === "CONFIRMED") return refuse(reply, paymentProblems.already_paid);
      if (isFinal(order.status)) {
        return refuse(reply, orderProblems.order_ended, `The order is ${order.status}: nothing can be paid any more.`);
      }
      // The saga opens the payment too; who is faster than it need not wait.
      await payment.open({ ...order, amountMinor: order.totalMinor, payByMs: order.payBy.getTime() });
      const answer = await payment.pay({ ...request.body, orderId });
      if (!answer.ok) return refuse(reply, paymentProblems[answer.reason]);
      reply.code(202).header("location", `/orders/${orderId}`);
      return { orderId, paymentId: answer.paymentId, status: "processing" as const, statusUrl: `/orders/${orderId}` };
    },
  );
}
