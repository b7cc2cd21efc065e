/** Serves the adoption of payments that restored books have lost. */
import { Type } from "typebox";
import type { Identity } from "#identity";
import type { Orders } from "#orders";
import type { Payment } from "#payment";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { inventoryProblems, orGateAway } from "#problems/inventory";
import { type Adopted, adoptPayments } from "./adoption.ts";
import { AdoptBody, AdoptedCharge } from "./wire.ts";

export type AdoptionRoutesOptions = { orders: Orders; payment: Payment; identity: Identity };

export function adoptionRoutes(app: Http, { orders, payment, identity }: AdoptionRoutesOptions): void {
  const admin = { onRequest: identity.guard("ADMIN") };
  app.post("/admin/orders/payments/adopt", { ...admin, schema: document }, adopt);

  async function adopt(request: Asked<{ body: typeof AdoptBody }>) {
    const { since, apply = false } = request.body;
    const found = await orGateAway(adoptPayments({ orders, payment }, Date.parse(since), apply));
    return { applied: apply, charges: found.map(viewOf) };
  }
}

function viewOf({ charge, becomes }: Adopted) {
  const { orderId, paymentId, providerRef, status, amountMinor, currency, createdMs } = charge;
  const at = new Date(createdMs).toISOString();
  return { orderId, paymentId, providerRef, status, amount: amountMinor, currency, at, becomes };
}

const document = {
  tags: ["payments"],
  operationId: "adoptPayments",
  summary: "After the database was restored: adopt payments that the provider has and the books lost",
  description:
    "Reads the provider's own list since the moment. Without `apply` nothing is changed. Waits until the log is settled, " +
    "because the orders of these payments come from there. At most some thousands are adopted by one call: repeat it " +
    "until the answer has no charge that becomes `paid` or `given_back`.",
  body: AdoptBody,
  response: {
    200: Type.Object({ applied: Type.Boolean(), charges: Type.Array(AdoptedCharge) }),
    ...problemResponses(inventoryProblems.not_settled),
  },
};
