/**
 * Makes one attempt of the buyer to pay. It is stored before the provider is asked, so that the books expect every
 * charge.
 */
import type { Tx } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import { prefix48Of, randomId, uuidV8 } from "#platform/ids";
import { type FactSource, recordFact } from "./facts.ts";
import { insertPayment, lockIntent, noteProviderRef, type Payment, paymentsOf } from "./payment-rows.ts";
import { type Charge, OutcomeUnknown } from "./provider.ts";
import { isPaid } from "./state.ts";
import type { PayRequest } from "./wire.ts";

/** Thieves try out stolen cards at shops that allow many attempts to pay one order. */
export const maxAttempts = 10;

/** A result usually comes by webhook within milliseconds; a missing one is looked up after this time. */
const lookupAfterMs = 2_000;

export type PayRefusal =
  | "payment_not_ready"
  | "payment_closed"
  | "already_paid"
  | "payment_in_progress"
  | "too_many_attempts";

export type PayAnswer = { ok: true; paymentId: string } | { ok: false; reason: PayRefusal };

export async function attemptToPay(deps: FactSource, orderId: string, request: PayRequest): Promise<PayAnswer> {
  const { sql, provider, now, announce } = deps;
  const { cardNumber, ...rest } = request;
  const card = { ...rest, number: cardNumber.replaceAll(" ", "") };
  const begun = await sql.transaction((tx) => begin(tx, orderId, provider.name, card.number.slice(-4), now()));
  if (!begun.ok) return begun;
  const { paymentId, amountMinor, currency } = begun.payment;
  await crashPoint("payment.requested");

  let charge: Charge;
  try {
    charge = await provider.authorize({ paymentId, amountMinor, currency, card });
  } catch (error) {
    // The result comes by webhook, or the sweep asks for it.
    if (error instanceof OutcomeUnknown) return { ok: true, paymentId };
    throw error;
  }
  await crashPoint("payment.authorize-answered");
  if (charge.status === "processing") await noteProviderRef(sql, paymentId, charge.providerRef);
  else await announce(await sql.transaction((tx) => recordFact(tx, paymentId, charge, now())));
  return { ok: true, paymentId };
}

type Begun = { ok: true; payment: Payment } | { ok: false; reason: PayRefusal };

async function begin(tx: Tx, orderId: string, provider: string, cardLast4: string, nowMs: number): Promise<Begun> {
  const intent = await lockIntent(tx, orderId);
  if (!intent) return { ok: false, reason: "payment_not_ready" };
  const payments = await paymentsOf(tx, orderId);
  if (payments.some((payment) => isPaid(payment.state))) return { ok: false, reason: "already_paid" };
  const { amountMinor, currency, payBy } = intent;
  if (
    intent.closed ||
    intent.lastCall ||
    !payBy ||
    amountMinor === null ||
    currency === null ||
    nowMs >= payBy.getTime()
  ) {
    return { ok: false, reason: "payment_closed" };
  }
  if (payments.some((payment) => payment.state === "requested")) return { ok: false, reason: "payment_in_progress" };
  if (payments.length >= maxAttempts) return { ok: false, reason: "too_many_attempts" };
  const payment: Payment = {
    // Begins with the same bytes as its order, so that related rows are close together in the index.
    paymentId: uuidV8(prefix48Of(orderId), randomId(10)),
    orderId,
    attempt: payments.length + 1,
    state: "requested",
    amountMinor,
    currency,
    provider,
    providerRef: null,
    declineReason: null,
    cardLast4,
    requestedAt: new Date(nowMs),
    tries: 0,
    givenBackMinor: 0,
    kept: false,
  };
  await insertPayment(tx, payment, nowMs + lookupAfterMs);
  return { ok: true, payment };
}
