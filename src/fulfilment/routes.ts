/** Payment of an order over HTTP: the one request that needs both the order and its payment. */
import type { FastifyReply } from "fastify";
import { callerOf, type Identity, mayActFor } from "#identity";
import { isFinal, type Order, type Orders } from "#orders";
import type { Payment } from "#payment";
import type { Asked, Http } from "#platform/http";
import { isUuid } from "#platform/ids";
import { problemResponses } from "#platform/openapi";
import { Problem, platformProblems, refuse } from "#platform/problems";
import { notSettledYet, orderProblems, refusals, settleWithinMs } from "#problems/orders";
import { payDetails, paymentProblems } from "#problems/payment";
import { PayRequest } from "#wire/payment";
import { adoptionRoutes } from "./adoption-routes.ts";
import { PayAnswer, PayParams } from "./wire.ts";

export type FulfilmentRoutesOptions = { orders: Orders; payment: Payment; identity: Identity };

export function fulfilmentRoutes(app: Http, { orders, payment, identity }: FulfilmentRoutesOptions): void {
  adoptionRoutes(app, { orders, payment, identity });
  const customer = identity.limitedGuard("CUSTOMER");
  app.post("/orders/:orderId/payment", { onRequest: customer, schema: payOrderDocument }, payOrder);

  // Extensions come to the process that has this route. If this is lost, the next attempt to pay brings the deadline, and an
  // attempt that is under way goes on all the same: none is withdrawn until the last call.
  const stopListening = orders.onChange((order) => {
    if (order?.isExtended && !isFinal(order.status)) payment.open(toPayOf(order)).catch(() => {});
  });
  app.addHook("onClose", async () => stopListening());

  async function payOrder(request: Asked<{ params: typeof PayParams; body: typeof PayRequest }>, reply: FastifyReply) {
    const { orderId } = request.params;
    const seen = isUuid(orderId) ? await orders.find(orderId) : undefined;
    if (seen === "undecided") return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    const isTheirs = seen !== undefined && mayActFor(callerOf(request), seen.userId);
    const isFree = isTheirs && seen.totalMinor === 0;
    if (!isFree) refuseWithoutMeans(request.body, payment.takes);
    if (!isTheirs) return refuse(reply, ...refusals.notYours);
    const order = seen.status === "PENDING" ? await orders.settled(orderId, settleWithinMs) : seen;
    if (!order) return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    if (order.status === "CONFIRMED") return refuse(reply, paymentProblems.already_paid, payDetails.already_paid);
    if (isFinal(order.status)) {
      return refuse(reply, orderProblems.order_ended, `The order is ${order.status}: nothing can be paid any more.`);
    }
    const answer = await payment.pay(toPayOf(order), request.body);
    if (!answer.ok) return refuse(reply, paymentProblems[answer.reason], payDetails[answer.reason]);
    reply.code(202).header("location", `/orders/${orderId}`);
    const { paymentId, actionUrl } = answer;
    const status = "processing" as const;
    return {
      orderId,
      paymentId,
      status,
      statusUrl: `/orders/${orderId}`,
      ...(actionUrl !== undefined && { actionUrl }),
    };
  }
}

function toPayOf<T extends Pick<Order, "totalMinor" | "payBy">>(order: T) {
  return { ...order, amountMinor: order.totalMinor, payByMs: order.payBy.getTime() };
}

/** One of the two is required, unless the order costs nothing; which of them the shop takes depends on its provider. */
function refuseWithoutMeans({ cardNumber, paymentMethod }: PayRequest, takes: Payment["takes"]): void {
  if (cardNumber !== undefined || paymentMethod !== undefined) return;
  const name = takes === "card" ? "cardNumber" : "paymentMethod";
  const errors = [{ in: "body" as const, pointer: `#/${name}`, detail: "is required" }];
  throw new Problem(platformProblems.validation, `${name} is required`, { errors });
}

const payOrderDocument = {
  tags: ["orders"],
  operationId: "payOrder",
  summary: "Pay an order; the verdict comes with its status",
  description:
    "A declined card may be followed by another one until payBy. No Idempotency-Key is needed: while an attempt is " +
    "being decided, and once one is approved, another is refused and nothing is charged twice. An order whose total is 0 " +
    "takes an empty body.",
  params: PayParams,
  body: PayRequest,
  response: {
    202: PayAnswer,
    ...problemResponses(
      orderProblems.order_not_found,
      orderProblems.order_ended,
      orderProblems.outcome_pending,
      paymentProblems.card_not_taken,
      paymentProblems.token_not_taken,
      paymentProblems.payment_in_progress,
      paymentProblems.already_paid,
      paymentProblems.payment_closed,
      paymentProblems.too_many_attempts,
    ),
  },
};
