/**
 * Makes one attempt of the buyer to pay. It is stored before the provider is asked, so that the books expect every
 * charge.
 */
import { crashPoint } from "#platform/crash-points";
import { prefix48Of, randomId, uuidV8 } from "#platform/ids";
import type { Decided, OrderBooks } from "./changes.ts";
import { type FactSource, record } from "./facts.ts";
import { chargesOf } from "./free.ts";
import { type OrderToPay, openedFor, openingOf } from "./open.ts";
import type { Payment } from "./payment-rows.ts";
import { type Charge, OutcomeUnknown, type PayMethod } from "./provider.ts";
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
  | "too_many_attempts"
  | "card_not_taken"
  | "token_not_taken";

/** If the bank asks the buyer, they confirm the payment on the page at `actionUrl`. */
export type PayAnswer = { ok: true; paymentId: string; actionUrl?: string } | { ok: false; reason: PayRefusal };

export async function attemptToPay(deps: FactSource, order: OrderToPay, request: PayRequest): Promise<PayAnswer> {
  const { changes, provider, announce } = deps;
  const method = methodOf(request);
  const isFree = order.amountMinor === 0;
  if (!isFree && method.kind !== provider.takes) return { ok: false, reason: `${method.kind}_not_taken` };
  const last4 = method.kind === "card" && !isFree ? method.card.number.slice(-4) : "";
  const begun = await changes.make({
    ...openingOf(order),
    decide(books, { nowMs }): Decided<Begun> {
      const opened = books && openedFor(order, books);
      // Also a refused attempt moves the deadline.
      return { ...(opened && { books: opened }), ...begin(opened, provider.name, last4, nowMs) };
    },
  });
  if (!begun.ok) return begun;
  const { paymentId, amountMinor, currency } = begun.payment;
  await crashPoint("payment.requested");

  let charge: Charge;
  try {
    const charges = chargesOf(provider, begun.payment);
    charge = await charges.authorize({ paymentId, orderId: order.orderId, amountMinor, currency, method });
  } catch (error) {
    // The result comes by webhook, or the sweep asks for it.
    if (error instanceof OutcomeUnknown) return { ok: true, paymentId };
    throw error;
  }
  await crashPoint("payment.authorize-answered");
  // A result that takes no person comes within a moment, and brings the reference by itself. A buyer who must act may take
  // long, and the provider may then know the payment by its reference only.
  if (charge.status !== "processing" || charge.actionUrl !== undefined) {
    await announce(await record(changes, paymentId, charge));
  }
  return { ok: true, paymentId, ...(charge.actionUrl !== undefined && { actionUrl: charge.actionUrl }) };
}

/** A request with both is one with a card number: it must not pass where only tokens are taken. */
function methodOf({ cardNumber, paymentMethod = "", ...rest }: PayRequest): PayMethod {
  if (cardNumber === undefined) return { kind: "token", token: paymentMethod };
  return { kind: "card", card: { ...rest, number: cardNumber.replaceAll(" ", "") } };
}

type Begun = { ok: true; payment: Payment } | { ok: false; reason: PayRefusal };

function begin(books: OrderBooks | undefined, provider: string, cardLast4: string, nowMs: number): Decided<Begun> {
  if (!books) return refused("payment_not_ready");
  const { intent, payments } = books;
  const { orderId, amountMinor, currency, payBy } = intent;
  if (payments.some((payment) => isPaid(payment.state))) return refused("already_paid");
  if (
    intent.closed ||
    intent.lastCall ||
    !payBy ||
    amountMinor === null ||
    currency === null ||
    nowMs >= payBy.getTime()
  ) {
    return refused("payment_closed");
  }
  if (payments.some((payment) => payment.state === "requested")) return refused("payment_in_progress");
  if (payments.length >= maxAttempts) return refused("too_many_attempts");
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
    nextTryAt: new Date(nowMs + lookupAfterMs),
    tries: 0,
    givenBackMinor: 0,
    kept: false,
  };
  return { answer: { ok: true, payment }, books: { ...books, payments: [...payments, payment] } };
}

function refused(reason: PayRefusal): Decided<Begun> {
  return { answer: { ok: false, reason } };
}
