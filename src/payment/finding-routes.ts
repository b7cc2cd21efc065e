import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { Finding, Findings } from "./findings.ts";
import { newsKinds } from "./news.ts";
import { paymentProblems } from "./pay-request.ts";

const FindingView = Type.Object(
  {
    findingId: Type.Integer(),
    kind: Type.Enum([...newsKinds], { description: "docs/runbooks/DropgatePaymentFinding.md says what to do" }),
    orderId: Type.String(),
    paymentId: Type.String(),
    provider: Type.String(),
    amount: Type.Integer({ description: "Of the payment, in minor units of its currency" }),
    currency: Type.String(),
    givenBackMinor: Type.Integer({ description: "Of it, given back by then" }),
    happenedAt: Type.String({ format: "date-time" }),
  },
  { $id: "PaymentFinding" },
);

const maxId = Number.MAX_SAFE_INTEGER;

/** For people of the shop: what came from a payment provider and needs their eyes. */
export function findingRoutes(app: Http, { findings, identity }: { findings: Findings; identity: Identity }): void {
  app.addSchema(FindingView);
  const admin = identity.guard("ADMIN");

  app.get(
    "/payments/findings",
    {
      onRequest: admin,
      schema: {
        tags: ["payments"],
        operationId: "listPaymentFindings",
        summary: "What payment providers told that a person has to look at, oldest first",
        response: { 200: Type.Object({ items: Type.Array(Type.Ref("PaymentFinding")) }) },
      },
    },
    async () => ({ items: (await findings.open()).map(viewOf) }),
  );

  app.post(
    "/payments/findings/:findingId/close",
    {
      onRequest: admin,
      schema: {
        tags: ["payments"],
        operationId: "closePaymentFinding",
        summary: "Say that you have looked at a finding",
        params: Type.Object({ findingId: Type.Integer({ minimum: 1, maximum: maxId, examples: [1] }) }),
        body: Type.Object(
          { reason: Type.String({ maxLength: 500, pattern: "^[^\\p{Cc}\\p{Cs}]+$" }) },
          { additionalProperties: false, examples: [{ reason: "evidence was sent" }] },
        ),
        response: {
          204: Type.Null({ description: "It is closed" }),
          ...problemResponses(paymentProblems.finding_not_found),
        },
      },
    },
    async (request, reply) => {
      const { findingId } = request.params;
      const isKnown = await findings.close(findingId, callerOf(request).userId, request.body.reason);
      if (!isKnown) return refuse(reply, paymentProblems.finding_not_found);
      reply.code(204);
      return null;
    },
  );
}

function viewOf({ amountMinor, happenedAt, ...finding }: Finding) {
  return { ...finding, amount: amountMinor, happenedAt: happenedAt.toISOString() };
}
