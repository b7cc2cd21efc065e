/** What a buyer sends to pay, and what may be answered: the wire's side of `pay()`. */
import { type Static, Type } from "typebox";
import { defineProblems } from "#platform/problems";

/** Twelve to nineteen digits, blanks between them tolerated. No check digit is asked for: that is the provider's to judge. */
const cardNumber = "^ ?(?:[0-9] ?){12,19}$";

export const payRequestSchema = Type.Object(
  {
    cardNumber: Type.String({
      pattern: cardNumber,
      description: "Never stored; only its last four digits are",
      examples: ["4242424242424242"],
    }),
    expMonth: Type.Optional(Type.Integer({ minimum: 1, maximum: 12, examples: [12] })),
    expYear: Type.Optional(Type.Integer({ minimum: 2000, maximum: 2099, examples: [2030] })),
    cvc: Type.Optional(Type.String({ pattern: "^[0-9]{3,4}$", examples: ["123"] })),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: "As it is printed on the card", examples: ["Ada"] }),
    ),
  },
  { additionalProperties: false, examples: [{ cardNumber: "4242424242424242" }] },
);

export type PayRequest = Static<typeof payRequestSchema>;

/** Keyed by the reasons that `pay()` refuses for, and what the webhook's address answers. */
export const paymentProblems = defineProblems({
  payment_not_ready: { status: 409, title: "The order cannot be paid yet", retryAfterSeconds: 1 },
  payment_in_progress: { status: 409, title: "An earlier attempt is still being decided", retryAfterSeconds: 2 },
  already_paid: { status: 409, title: "The order is paid" },
  payment_closed: { status: 409, title: "The order cannot be paid any more" },
  too_many_attempts: { status: 429, title: "Too many attempts to pay this order" },
  finding_not_found: { status: 404, title: "There is no such finding" },
  bad_signature: { status: 401, title: "The webhook is not signed by its provider" },
  unknown_provider: { status: 404, title: "No payment provider of that name is connected" },
});
