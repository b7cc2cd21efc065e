import { Type } from "typebox";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import { paymentProblems } from "./pay-request.ts";
import type { Payment } from "./payment.ts";

const bodyLimitBytes = 64 * 1024;

/** Where providers tell us what became of a charge. No one signs in here: the signature over the raw bytes is the guard. */
export function paymentRoutes(app: Http, payment: Pick<Payment, "receiveWebhook">): void {
  // A scope of its own: only here is a body left as the bytes that were signed.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyLimitBytes }, (_request, body, done) =>
      done(null, body),
    );
    scope.post<{ Params: { provider: string } }>(
      "/payments/webhooks/:provider",
      { schema: webhookSchema, bodyLimit: bodyLimitBytes },
      async (request, reply) => {
        reply.header("cache-control", "no-store");
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const answer = await payment.receiveWebhook(request.params.provider, rawBody, request.headers);
        return answer === "accepted" ? { received: true } : refuse(reply, paymentProblems[answer]);
      },
    );
  });
}

const webhookSchema = {
  tags: ["payments"],
  operationId: "receiveWebhook",
  summary: "Tells what became of a charge",
  description:
    "For the payment provider. Signed by Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, " +
    "`webhook-signature`); any order, any number of times.",
  params: Type.Object({ provider: Type.String({ maxLength: 64, examples: ["simulator"] }) }),
  response: {
    200: Type.Object({ received: Type.Boolean() }),
    ...problemResponses(paymentProblems.bad_signature, paymentProblems.unknown_provider),
  },
};
