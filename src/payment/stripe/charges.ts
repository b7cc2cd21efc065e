/** Reads the state of a charge from Stripe's payment intent, and the reason of a refusal from Stripe's error. */
import type Stripe from "stripe";
import type { Charge } from "../provider.ts";
import { fromStripe } from "./amounts.ts";

/** The names of our metadata at Stripe, by which an operator finds order and payment there. */
export const paymentKey = "dropgate_payment";
export const orderKey = "dropgate_order";

/**
 * undefined while no card was given to the intent: for the shop the payment was not asked for. With `latest_charge`
 * expanded, what was given back is known too.
 */
export function chargeOf(intent: Stripe.PaymentIntent): Charge | undefined {
  const { id: providerRef, currency: code } = intent;
  const currency = code.toUpperCase();
  const of = (status: Charge["status"], amount = intent.amount): Charge => ({
    providerRef,
    status,
    amountMinor: fromStripe(amount, code),
    currency,
  });
  switch (intent.status) {
    case "requires_capture":
      return of("authorized", intent.amount_capturable);
    case "succeeded":
      return { ...of("captured", intent.amount_received), ...givenBackOf(intent) };
    case "canceled":
      return of("voided");
    case "requires_action": {
      const actionUrl = intent.next_action?.redirect_to_url?.url;
      return { ...of("processing"), ...(actionUrl && { actionUrl }) };
    }
    case "processing":
      return of("processing");
    default:
      return intent.last_payment_error
        ? { ...of("declined"), declineReason: reasonOf(intent.last_payment_error) }
        : undefined;
  }
}

function givenBackOf({ latest_charge: charge }: Stripe.PaymentIntent): Partial<Charge> {
  if (charge === null || typeof charge === "string" || charge.amount_refunded === 0) return {};
  const givenBackMinor = fromStripe(charge.amount_refunded, charge.currency);
  return charge.refunded ? { status: "refunded" } : { givenBackMinor };
}

type Refusal = { code?: string | undefined; decline_code?: string | undefined };

const reasons: Record<string, string> = {
  insufficient_funds: "insufficient_funds",
  expired_card: "expired_card",
  incorrect_cvc: "incorrect_cvc",
  payment_intent_authentication_failure: "authentication_failed",
  amount_too_small: "amount_not_chargeable",
  amount_too_large: "amount_not_chargeable",
};

/** All others, such as a card that is reported stolen, are not told apart: a thief would learn what the bank knows. */
export function reasonOf({ code, decline_code: declineCode }: Refusal): string {
  return reasons[declineCode ?? ""] ?? reasons[code ?? ""] ?? "card_declined";
}
