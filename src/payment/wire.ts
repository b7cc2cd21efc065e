/**
 * Describes payments on the wire: the request to pay, the providers' webhooks, and the findings for the shop's staff.
 */
import { type Static, Type } from "typebox";
import { line } from "#platform/wire";

/** The check digit is left to the provider. */
const cardNumber = "^ ?(?:[0-9] ?){12,19}$";

export const PayRequest = Type.Object(
  {
    cardNumber: Type.Optional(
      Type.String({
        pattern: cardNumber,
        // Without an example of its own: the answer to a wrong number shows that, and no answer has a card's number.
        description:
          "Twelve to nineteen digits, with blanks between them or without. Never stored; only its last four digits are. Needed by the simulated provider",
      }),
    ),
    paymentMethod: Type.Optional(
      Type.String({
        pattern: "^pm_[A-Za-z0-9_]{1,200}$",
        description: "In place of a card: the token of Stripe's own field. Needed where Stripe is the provider",
        examples: ["pm_1N3T00LkdIwHu7ix"],
      }),
    ),
    expMonth: Type.Optional(Type.Integer({ minimum: 1, maximum: 12, examples: [12] })),
    expYear: Type.Optional(Type.Integer({ minimum: 2000, maximum: 2099, examples: [2030] })),
    cvc: Type.Optional(Type.String({ pattern: "^[0-9]{3,4}$", examples: ["123"] })),
    name: Type.Optional(
      Type.String({
        pattern: line,
        maxLength: 100,
        description: "As it is printed on the card",
        examples: ["Ada"],
      }),
    ),
  },
  { additionalProperties: false, examples: [{ cardNumber: "4242424242424242" }] },
);

export type PayRequest = Static<typeof PayRequest>;

export const PayMeansView = Type.Object({
  takes: Type.Enum(["card", "token"], { description: "token: paymentMethod, from Stripe's own field" }),
  stripe: Type.Optional(
    Type.Object(
      { publishableKey: Type.String(), script: Type.String() },
      { description: "If Stripe is the provider: its script for the page, and the key for it" },
    ),
  ),
});

export const WebhookParams = Type.Object({ provider: Type.String({ maxLength: 64, examples: ["simulator"] }) });
export const WebhookTaken = Type.Object({ received: Type.Boolean() });

export const outsideNews = [
  "refunded_outside",
  "authorization_lapsed",
  "voided_outside",
  "lost_before_kept",
  "charged_back",
  "partly_refunded",
  "disputed",
  "dispute_won",
  "captured_otherwise",
  "charged_back_after_refund",
  "not_understood",
  "refund_refused",
] as const;
export type OutsideNews = (typeof outsideNews)[number];

export const FindingView = Type.Object(
  {
    findingId: Type.Integer(),
    kind: Type.Enum([...outsideNews], { description: "docs/runbooks/DropgatePaymentFinding.md says what to do" }),
    orderId: Type.String(),
    paymentId: Type.String(),
    provider: Type.String(),
    amount: Type.Integer({ description: "Of the payment, in minor units of its currency" }),
    currency: Type.String(),
    givenBackMinor: Type.Integer({ description: "The part of it that was given back by then" }),
    happenedAt: Type.String({ format: "date-time" }),
  },
  { $id: "PaymentFinding" },
);

const maxId = Number.MAX_SAFE_INTEGER;

export const FindingParams = Type.Object({
  findingId: Type.Integer({ minimum: 1, maximum: maxId, examples: [1] }),
});
export const CloseBody = Type.Object(
  { reason: Type.String({ maxLength: 500, pattern: line }) },
  { additionalProperties: false, examples: [{ reason: "evidence was sent" }] },
);
export const FindingList = Type.Object({ items: Type.Array(Type.Ref("PaymentFinding")) });
