/**
 * Takes payments by Stripe. One payment is one payment intent with manual capture. The intent is created first, without a
 * card, and confirmed with the card's token after that: so a lost answer is found by creating it once more with the same
 * key, which returns the same intent and cannot charge anything.
 */
import Stripe from "stripe";
import { isUuid } from "#platform/ids";
import { isTracing, traceHeaders } from "#platform/spans";
import type { AttemptRef, Charge, ChargeRef, ListedCharge, Provider } from "../provider.ts";
import { toStripe } from "./amounts.ts";
import { ask, type Call, isRefused, isReplayedFailure, withKey } from "./calls.ts";
import { chargeOf, orderKey, paymentKey, reasonOf } from "./charges.ts";
import { readStripeEvent } from "./webhook.ts";

export type StripeOptions = {
  secretKey: string;
  webhookSecret: string;
  /** Absent: Stripe's own. */
  url?: string | undefined;
  /** Where the buyer comes back to after their bank asked them. */
  returnUrl(orderId: string): string;
  now(): number;
};

type Answers = Call<Stripe.PaymentIntent | Stripe.Refund>;

const timeoutMs = 10_000;
const expand = ["latest_charge"];
/** The most that Stripe answers at once. */
const mostListed = 100;
/** Probes and checks before a drop come often. */
const trustForMs = 15_000;

export function createStripe(options: StripeOptions): Provider {
  const { secretKey, webhookSecret, url, returnUrl, now } = options;
  const stripe = new Stripe(secretKey, {
    ...(url !== undefined && placeOf(url)),
    timeout: timeoutMs,
    // The payment's books repeat, also after a crash.
    maxNetworkRetries: 0,
    telemetry: false,
    ...(isTracing() && { httpClient: tracedClient() }),
  });

  let answeredMs = Number.NEGATIVE_INFINITY;

  /** The same bytes each time for the same payment, because the key is bound to them. */
  function create({ paymentId, orderId, currency }: Omit<AttemptRef, "providerRef">, amount: number) {
    return stripe.paymentIntents.create(
      {
        amount,
        currency: currency.toLowerCase(),
        capture_method: "manual",
        allowed_payment_method_types: ["card"],
        metadata: { [paymentKey]: paymentId, [orderKey]: orderId },
      },
      { idempotencyKey: `pi-${paymentId}` },
    );
  }

  /** The charge as it is now. undefined if Stripe does not know the intent, or it was never given a card. */
  async function present(paymentId: string, intentId: string): Promise<Charge | undefined> {
    const intent = await ask("lookup", paymentId, () => stripe.paymentIntents.retrieve(intentId, { expand }));
    if (isRefused(intent)) return undefined;
    const charge = chargeOf(intent);
    const latest = intent.latest_charge;
    if (!charge || typeof latest !== "object" || !latest?.disputed) return charge;
    const disputes = await ask("lookup", paymentId, () => stripe.disputes.list({ payment_intent: intentId }));
    const isLost = !isRefused(disputes) && disputes.data.some(({ status }) => status === "lost");
    return isLost ? { ...charge, status: "charged_back" } : charge;
  }

  /** If Stripe refuses, or answers with something else than the intent, the charge's present state is the result. */
  async function operate(operation: string, { paymentId, providerRef }: ChargeRef, call: (ref: string) => Answers) {
    if (providerRef === null) throw new Error(`${operation}: no payment intent is known for payment ${paymentId}`);
    const work = call(providerRef);
    const answer = await ask(operation, paymentId, () => withKey(`${operation}-${paymentId}`, work));
    const isIntent = !isRefused(answer) && answer.object === "payment_intent";
    const charge = isIntent ? chargeOf(answer) : await present(paymentId, providerRef);
    if (!charge) throw new Error(`${operation}: Stripe knows no payment ${paymentId}`);
    return charge;
  }

  return {
    name: "stripe",
    takes: "token",

    async authorize({ paymentId, orderId, amountMinor, currency, method }) {
      if (method.kind !== "token") throw new Error("a card number was given to Stripe's adapter");
      const declined = (declineReason: string, providerRef = "none"): Charge => ({
        providerRef,
        status: "declined",
        amountMinor,
        currency,
        declineReason,
      });
      const amount = toStripe(amountMinor, currency);
      if (amount === undefined) return declined("amount_not_chargeable");
      const intent = await ask("authorize", paymentId, () =>
        create({ paymentId, orderId, amountMinor, currency }, amount),
      );
      if (isRefused(intent)) return declined(reasonOf(intent.refusal));
      const confirmed = await ask("authorize", paymentId, () =>
        stripe.paymentIntents.confirm(
          intent.id,
          { payment_method: method.token, return_url: returnUrl(orderId), expand },
          { idempotencyKey: `auth-${paymentId}` },
        ),
      );
      if (!isRefused(confirmed)) return chargeOf(confirmed) ?? declined("card_declined", intent.id);
      // The intent may have been confirmed before, by the same request: what it is now is the answer.
      const standing = await present(paymentId, intent.id);
      return standing ?? declined(reasonOf(confirmed.refusal), intent.id);
    },

    capture: (charge) =>
      operate("cap", charge, (ref) => (idempotencyKey) => {
        const amount = toStripe(charge.amountMinor, charge.currency);
        return stripe.paymentIntents.capture(
          ref,
          { expand, ...(amount && { amount_to_capture: amount }) },
          { idempotencyKey },
        );
      }),

    void: (charge) =>
      operate(
        "void",
        charge,
        (ref) => (idempotencyKey) => stripe.paymentIntents.cancel(ref, undefined, { idempotencyKey }),
      ),

    refund: (charge) =>
      operate("ref", charge, (ref) => (idempotencyKey) => {
        const metadata = { [paymentKey]: charge.paymentId };
        return stripe.refunds.create({ payment_intent: ref, metadata }, { idempotencyKey });
      }),

    async lookup({ providerRef, ...attempt }) {
      const { paymentId, amountMinor, currency } = attempt;
      if (providerRef !== null) return present(paymentId, providerRef);
      const amount = toStripe(amountMinor, currency);
      if (amount === undefined) return undefined;
      const intent = await ask("lookup", paymentId, async () => {
        try {
          return await create(attempt, amount);
        } catch (error) {
          // Creating it failed, and is answered so again: no intent was known to us that a card could be given to.
          if (isReplayedFailure(error)) return undefined;
          throw error;
        }
      });
      return intent && !isRefused(intent) ? present(paymentId, intent.id) : undefined;
    },

    readWebhook: (rawBody, headers) => readStripeEvent({ stripe, webhookSecret, now, present }, rawBody, headers),

    async *chargesSince(sinceMs) {
      const created = { gte: Math.floor(sinceMs / 1_000) };
      const list = { created, limit: mostListed, expand: ["data.latest_charge"] };
      for (let after: string | undefined; ; ) {
        const from = after === undefined ? {} : { starting_after: after };
        const page = await stripe.paymentIntents.list({ ...list, ...from });
        yield page.data.flatMap(listedOf);
        after = page.data.at(-1)?.id;
        if (!page.has_more || after === undefined) return;
      }
    },

    async check() {
      // An answer from the future came before the clock was set back.
      if (Math.abs(now() - answeredMs) < trustForMs) return;
      await stripe.paymentIntents.list({ limit: 1 });
      answeredMs = now();
    },
  };
}

/** Nothing for an intent that another program made, or that was never given a card. */
function listedOf(intent: Stripe.PaymentIntent): ListedCharge[] {
  const { [paymentKey]: paymentId = "", [orderKey]: orderId = "" } = intent.metadata;
  const charge = chargeOf(intent);
  if (!charge || !isUuid(paymentId) || !isUuid(orderId)) return [];
  return [{ ...charge, paymentId, orderId, createdMs: intent.created * 1_000 }];
}

/** Each request continues the trace of the order that it is about. */
function tracedClient(): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  const makeRequest = client.makeRequest.bind(client);
  client.makeRequest = (host, port, path, method, headers, ...rest) =>
    makeRequest(host, port, path, method, { ...headers, ...traceHeaders() }, ...rest);
  return client;
}

function placeOf(url: string): Pick<Stripe.StripeConfig, "host" | "port" | "protocol"> {
  const { hostname: host, port, protocol } = new URL(url);
  return { host, protocol: protocol === "http:" ? "http" : "https", ...(port !== "" && { port }) };
}
