/**
 * Reads the events that Stripe sends by webhook. An event about a payment intent carries its state. Refunds and disputes
 * are rare, and their events come in any order, so Stripe is asked for the state that holds now.
 */
import { createHash } from "node:crypto";
import Stripe from "stripe";
import type { Charge, WebhookEvent, WebhookHeaders } from "../provider.ts";
import { ask, isRefused } from "./calls.ts";
import { chargeOf, paymentKey } from "./charges.ts";

export type EventReader = {
  stripe: Stripe;
  webhookSecret: string;
  now(): number;
  present(paymentId: string, intentId: string): Promise<Charge | undefined>;
};

const toleranceSeconds = 300;

/** undefined unless Stripe signed the bytes in the last minutes. */
export async function readStripeEvent(
  reader: EventReader,
  rawBody: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookEvent | undefined> {
  const signature = headers["stripe-signature"];
  if (typeof signature !== "string") return undefined;
  let event: Stripe.Event;
  try {
    const { stripe, webhookSecret, now } = reader;
    event = stripe.webhooks.constructEvent(rawBody, signature, webhookSecret, toleranceSeconds, undefined, now());
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return undefined;
    // Signed, but no event: Stripe would repeat it if it were refused.
    return { eventId: `unreadable-${createHash("sha256").update(rawBody).digest("hex")}`, type: "unreadable" };
  }
  const { id: eventId, type } = event;
  return { eventId, type, ...(await contentOf(reader, event)) };
}

type Content = Pick<WebhookEvent, "charge" | "unreadAbout">;

async function contentOf(reader: EventReader, event: Stripe.Event): Promise<Content> {
  switch (event.type) {
    case "payment_intent.amount_capturable_updated":
    case "payment_intent.canceled":
    case "payment_intent.payment_failed":
    case "payment_intent.succeeded": {
      const paymentId = event.data.object.metadata[paymentKey];
      const charge = chargeOf(event.data.object);
      if (paymentId === undefined) return {};
      return charge ? { charge: { ...charge, paymentId } } : { unreadAbout: paymentId };
    }
    case "charge.refunded":
      return chargeBehind(reader, event.data.object.payment_intent);
    case "charge.dispute.created":
    case "charge.dispute.closed":
      return disputed(reader, event.data.object.id);
    case "refund.failed": {
      // The bank did not take the money that we gave back: an operator has to pay it out in another way.
      const { charge } = await chargeBehind(reader, event.data.object.payment_intent);
      return charge ? { unreadAbout: charge.paymentId } : {};
    }
    default:
      return {};
  }
}

async function disputed(reader: EventReader, disputeId: string): Promise<Content> {
  const dispute = await ask("dispute", disputeId, () => reader.stripe.disputes.retrieve(disputeId));
  if (isRefused(dispute)) return {};
  const content = await chargeBehind(reader, dispute.payment_intent);
  if (!content.charge || dispute.status === "lost") return content;
  const isOver = dispute.status === "won" || dispute.status === "warning_closed";
  return { charge: { ...content.charge, dispute: isOver ? "won" : "opened" } };
}

/** Nothing for a charge that is not the shop's: the account may have other uses. */
async function chargeBehind({ stripe, present }: EventReader, about: string | { id: string } | null): Promise<Content> {
  if (about === null) return {};
  const intentId = typeof about === "string" ? about : about.id;
  const intent = await ask("lookup", intentId, () => stripe.paymentIntents.retrieve(intentId));
  const paymentId = isRefused(intent) ? undefined : intent.metadata[paymentKey];
  if (paymentId === undefined) return {};
  const charge = await present(paymentId, intentId);
  return charge ? { charge: { ...charge, paymentId } } : { unreadAbout: paymentId };
}
