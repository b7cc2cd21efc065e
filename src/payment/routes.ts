/** Serves payments over HTTP: the webhook of providers, and the findings for the shop's staff. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { Finding } from "./findings.ts";
import type { Payment } from "./payment.ts";
import { noFinding, paymentProblems, webhookDetails } from "./problems.ts";
import {
  CloseBody,
  FindingList,
  FindingParams,
  FindingView,
  PayMeansView,
  WebhookParams,
  WebhookTaken,
} from "./wire.ts";

const bodyLimitBytes = 64 * 1024;

/** Of the release that belongs to the API's version; Stripe permits no copy of it. */
const stripeScript = "https://js.stripe.com/endive/stripe.js";

export type PaymentRoutesOptions = {
  payment: Pick<Payment, "takes" | "receiveWebhook" | "findings">;
  identity: Identity;
  /** Absent unless Stripe is the provider. */
  publishableKey?: string | undefined;
};

export function paymentRoutes(app: Http, { payment, identity, publishableKey }: PaymentRoutesOptions): void {
  const admin = identity.guard("ADMIN");
  app.addSchema(FindingView);

  // A scope of its own: only here the body stays the bytes that were signed.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyLimitBytes }, (_request, body, done) =>
      done(null, body),
    );
    // No login here: the signature over the raw bytes is the guard.
    scope.post(
      "/payments/webhooks/:provider",
      { schema: documents.receiveWebhook, bodyLimit: bodyLimitBytes },
      receiveWebhook,
    );
  });
  app.get("/payments/means", { schema: documents.getPaymentMeans }, (_request, reply) => {
    reply.header("cache-control", "public, max-age=60");
    const stripe = publishableKey === undefined ? {} : { stripe: { publishableKey, script: stripeScript } };
    return { takes: payment.takes, ...stripe };
  });
  app.get("/payments/findings", { onRequest: admin, schema: documents.listFindings }, listFindings);
  app.post("/payments/findings/:findingId/close", { onRequest: admin, schema: documents.closeFinding }, closeFinding);

  async function receiveWebhook(request: Asked<{ params: typeof WebhookParams }>, reply: FastifyReply) {
    reply.header("cache-control", "no-store");
    const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const answer = await payment.receiveWebhook(request.params.provider, rawBody, request.headers);
    return answer === "accepted" ? { received: true } : refuse(reply, paymentProblems[answer], webhookDetails[answer]);
  }

  async function listFindings() {
    return { items: (await payment.findings.open()).map(viewOf) };
  }

  async function closeFinding(
    request: Asked<{ params: typeof FindingParams; body: typeof CloseBody }>,
    reply: FastifyReply,
  ) {
    const { findingId } = request.params;
    const isKnown = await payment.findings.close(findingId, callerOf(request).userId, request.body.reason);
    if (!isKnown) return refuse(reply, paymentProblems.finding_not_found, noFinding);
    reply.code(204);
    return null;
  }
}

const tags = ["payments"];

const documents = {
  receiveWebhook: {
    tags,
    operationId: "receiveWebhook",
    summary: "Reports the state of a charge",
    description:
      "For the payment provider. The simulator signs by Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, " +
      "`webhook-signature`), Stripe by `Stripe-Signature`; any order, any number of times.",
    params: WebhookParams,
    response: {
      200: WebhookTaken,
      ...problemResponses(paymentProblems.bad_signature, paymentProblems.unknown_provider),
    },
  },
  getPaymentMeans: {
    tags,
    operationId: "getPaymentMeans",
    summary: "Says how a page of the shop pays: by a card's number, or by the token of Stripe's field",
    response: { 200: PayMeansView },
  },
  listFindings: {
    tags,
    operationId: "listPaymentFindings",
    summary: "Findings from payment providers for an operator, oldest first",
    response: { 200: FindingList },
  },
  closeFinding: {
    tags,
    operationId: "closePaymentFinding",
    summary: "Close a finding after looking at it",
    params: FindingParams,
    body: CloseBody,
    response: {
      204: Type.Null({ description: "It is closed" }),
      ...problemResponses(paymentProblems.finding_not_found),
    },
  },
};

function viewOf({ amountMinor, happenedAt, ...finding }: Finding) {
  return { ...finding, amount: amountMinor, happenedAt: happenedAt.toISOString() };
}
