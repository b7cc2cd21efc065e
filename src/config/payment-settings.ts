/** Declares the settings of payments: the time to pay, and the provider. */
import { defineSettings } from "#platform/config";

export const paymentSettings = defineSettings({
  PAYMENT_WINDOW_MS: {
    type: "integer",
    default: 15 * 60_000,
    min: 1,
    max: 7 * 24 * 60 * 60_000,
    says: "Time to pay an order. After it the order fails and its units go back on sale.",
  },
  PAYMENT_GRACE_MS: {
    type: "integer",
    default: 30_000,
    min: 0,
    max: 24 * 60 * 60_000,
    says: "Extra time for a payment that the provider is still deciding when the window ends. The units stay held.",
  },
  PAYMENT_PROVIDER: {
    type: "text",
    oneOf: ["simulator", "stripe"],
    default: "simulator",
    says: "Who takes the money. The simulator takes none: it is for demonstrations and tests.",
  },
  PAYMENT_WEBHOOK_SECRET: {
    type: "text",
    secret: true,
    min: 16,
    says: "Verifies the signatures of the simulator's webhooks.",
  },
  PAYMENT_SIMULATOR_DECIDES_MS: {
    type: "integer",
    default: 50,
    min: 0,
    max: 60_000,
    says: "How long the simulator takes to decide about a card. Benchmarks set 0: they measure the shop, and no bank.",
  },
  STRIPE_SECRET_KEY: {
    type: "text",
    secret: true,
    pattern: "(sk|rk)_[A-Za-z0-9_]+",
    defaultSays: "needed with `PAYMENT_PROVIDER=stripe`",
    says: "The secret key of your Stripe account, or a restricted key that may write PaymentIntents and Refunds and read Disputes.",
  },
  STRIPE_PUBLISHABLE_KEY: {
    type: "text",
    pattern: "pk_[A-Za-z0-9_]+",
    defaultSays: "needed with `PAYMENT_PROVIDER=stripe`",
    says: "The publishable key of the same account. The page gives it to Stripe's field, where buyers type their card.",
  },
  STRIPE_WEBHOOK_SECRET: {
    type: "text",
    secret: true,
    pattern: "whsec_\\S+",
    defaultSays: "needed with `PAYMENT_PROVIDER=stripe`",
    says: "The signing secret of the webhook endpoint at Stripe that points to `PUBLIC_URL`/payments/webhooks/stripe.",
  },
  STRIPE_API_URL: {
    type: "url",
    defaultSays: "Stripe's own",
    says: "Where Stripe's API is. Another address is for a proxy of your own, or for tests against a fake.",
  },
});
