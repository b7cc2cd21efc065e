/** Lists every reason for which a payment, a webhook or a finding is refused. */
import { defineProblems } from "#platform/problems";
import type { PayRefusal } from "./attempt.ts";
import type { WebhookAnswer } from "./webhook.ts";

/** Keyed by the reasons of `pay()` and by those of the webhook's route. */
export const paymentProblems = defineProblems({
  payment_not_ready: { status: 409, title: "The order cannot be paid yet", retryAfterSeconds: 1 },
  payment_in_progress: { status: 409, title: "An earlier attempt is still being decided", retryAfterSeconds: 2 },
  already_paid: { status: 409, title: "There is nothing more to pay for this order" },
  payment_closed: { status: 409, title: "The order cannot be paid any more" },
  card_not_taken: {
    status: 400,
    title: "This shop takes no card numbers: send paymentMethod, a token of Stripe's field",
  },
  token_not_taken: { status: 400, title: "This shop takes no tokens of cards: send cardNumber" },
  too_many_attempts: { status: 429, title: "Too many attempts to pay this order" },
  finding_not_found: { status: 404, title: "There is no such finding" },
  bad_signature: { status: 401, title: "The webhook is not signed by its provider" },
  unknown_provider: { status: 404, title: "No payment provider of that name is connected" },
});

/** For the provider, and for the person who connects it. */
export const webhookDetails: Record<Exclude<WebhookAnswer, "accepted">, string> = {
  bad_signature:
    "Nothing was changed. The provider must sign with the secret that this shop has for its webhooks, and send the bytes that it signed.",
  unknown_provider: "Nothing was changed. The last part of this address is the name of the shop's payment provider.",
};

export const noFinding = "No finding has this findingId. GET /payments/findings lists those that are open.";

/** They say whether something was charged, and what to do next. */
export const payDetails: Record<PayRefusal, string> = {
  payment_not_ready: "The books do not have the order's payment yet. Send the same request again in a second.",
  payment_in_progress:
    "Nothing is charged for this request. GET /orders/{orderId} tells the result of the earlier one.",
  already_paid:
    "It is paid, or it costs nothing and its buyer has confirmed it. Nothing more is charged. GET /orders/{orderId} tells when the order is confirmed.",
  payment_closed: "Its time to pay is over, or it has ended. Nothing is charged for this request: order again.",
  card_not_taken: "GET /payments/means says how this shop is paid. Nothing is charged.",
  token_not_taken: "GET /payments/means says how this shop is paid. Nothing is charged.",
  too_many_attempts:
    "No further card is taken for this order, and nothing is charged. Cancel it, which frees its units, and order again.",
};
