/** Encodes the simulated provider's webhooks: written in the transaction of the operation, read by the adapter. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Tx } from "#engines/sql";
import { randomHex } from "#platform/ids";
import { verifyWebhook } from "#platform/standard-webhooks";
import { storableOrEmpty } from "#platform/wire";
import type { Charge, WebhookEvent, WebhookHeaders } from "../provider.ts";
import type { BankCharge, Booking } from "./charge.ts";
import { behaviourOf } from "./test-cards.ts";

const storable = Type.String({ pattern: storableOrEmpty });

const eventSchema = Type.Object({
  type: storable,
  timestamp: Type.String(),
  data: Type.Object({
    paymentId: storable,
    chargeId: storable,
    status: storable,
    amountMinor: Type.Integer({ minimum: 0 }),
    refundedMinor: Type.Optional(Type.Integer({ minimum: 0 })),
    currency: storable,
    declineReason: Type.Optional(storable),
  }),
});

const event = Compile(eventSchema);
const naming = Compile(Type.Object({ data: Type.Object({ paymentId: storable }) }));

/** The statuses that a webhook may report, and the resulting state of the charge. */
const meanings = {
  authorized: { status: "authorized" },
  declined: { status: "declined" },
  captured: { status: "captured" },
  voided: { status: "voided" },
  refunded: { status: "refunded" },
  partially_refunded: { status: "captured" },
  disputed: { status: "captured", dispute: "opened" },
  dispute_won: { status: "captured", dispute: "won" },
  charged_back: { status: "charged_back" },
} as const satisfies Record<string, Pick<Charge, "status" | "dispute">>;

/** A delivery of a webhook; a card may ask for several. */
export type Copy = { eventId: string; copy: number; body: string };

/**
 * For this time the process that claimed a webhook first is the only one to deliver it; if it dies before, another one
 * does so afterwards.
 */
export const claimedForMs = 5_000;

/**
 * One event for each change of a charge, delivered once for every copy that its card asks for. With `claims`, the
 * caller delivers those that are due now, which are returned.
 */
export function postWebhooks(tx: Tx, booked: readonly Booking[], nowMs: number, claims = false): Copy[] {
  const posted = booked.flatMap(({ charge, says }) => {
    const eventId = `evt_${randomHex(12)}`;
    const body = bodyOf(charge, says ?? charge.status, nowMs);
    return delaysOf(charge).map((delayMs, copy) => ({
      eventId,
      copy,
      body,
      delayMs,
      claimed: claims && delayMs === 0,
    }));
  });
  if (posted.length === 0) return [];
  tx.write(
    `insert into payment_simulator.webhook (event_id, copy, body, deliver_at, attempts)
     select * from unnest($1::text[], $2::integer[], $3::text[], $4::timestamptz[], $5::integer[])`,
    [
      posted.map(({ eventId }) => eventId),
      posted.map(({ copy }) => copy),
      posted.map(({ body }) => body),
      posted.map(({ delayMs, claimed }) => new Date(nowMs + (claimed ? claimedForMs : delayMs))),
      posted.map(({ claimed }) => (claimed ? 1 : 0)),
    ],
  );
  return posted.filter(({ claimed }) => claimed);
}

/** The pauses apply to the result. Later events are sent at once, unless the card sends no webhooks. */
function delaysOf({ status, last4 }: BankCharge): readonly number[] {
  const { webhookDelaysMs } = behaviourOf(last4);
  const isResult = status === "authorized" || status === "declined";
  return isResult ? webhookDelaysMs : webhookDelaysMs.slice(0, 1).map(() => 0);
}

function bodyOf(charge: BankCharge, status: string, nowMs: number) {
  const { paymentId, chargeId, amountMinor, currency, declineReason, refundedMinor } = charge;
  const reason = status === "declined" && declineReason ? { declineReason } : {};
  // All of a refunded charge was given back, whatever parts were refunded by hand.
  const givenBack = refundedMinor > 0 && status !== "refunded" ? { refundedMinor } : {};
  const data = { paymentId, chargeId, status, amountMinor, currency, ...reason, ...givenBack };
  return JSON.stringify({ type: `charge.${status}`, timestamp: new Date(nowMs).toISOString(), data });
}

/**
 * undefined unless the bytes are signed. Signed bytes without meaning are still an event, because the provider would
 * repeat a refused one.
 */
export function readSimulatorWebhook(
  secret: string,
  rawBody: Buffer,
  headers: WebhookHeaders,
  nowMs: number,
): WebhookEvent | undefined {
  const eventId = verifyWebhook(secret, headers, rawBody, nowMs);
  if (eventId === undefined) return undefined;
  const said = parseJson(rawBody);
  if (!event.Check(said)) return unreadable(eventId, said);
  const { chargeId, status, refundedMinor, ...charge } = said.data;
  const meaning = Object.hasOwn(meanings, status) ? meanings[status as keyof typeof meanings] : undefined;
  if (!meaning) return { eventId, type: said.type, unreadAbout: charge.paymentId };
  const givenBack = refundedMinor === undefined ? {} : { givenBackMinor: refundedMinor };
  return { eventId, type: said.type, charge: { ...charge, ...meaning, ...givenBack, providerRef: chargeId } };
}

/** It is signed, so it has a meaning for the provider: if it names a payment, an operator must look. */
function unreadable(eventId: string, said: unknown): WebhookEvent {
  const about = naming.Check(said) ? { unreadAbout: said.data.paymentId } : {};
  return { eventId, type: "unreadable", ...about };
}

function parseJson(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString("utf8"));
  } catch {
    return undefined;
  }
}
