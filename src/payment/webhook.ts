/** Handles a provider's webhooks, which come at least once, in any order, and sometimes about unknown payments. */
import type { Tx } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import { isUuid } from "#platform/ids";
import type { Log } from "#platform/log";
import { type FactSource, recordFact } from "./facts.ts";
import { writeNews } from "./news.ts";
import { lockIntentOf, paymentsOf } from "./payment-rows.ts";
import type { WebhookHeaders } from "./provider.ts";

export type WebhookAnswer = "accepted" | "bad_signature" | "unknown_provider";

export type WebhookDeps = FactSource & { log: Log };

/**
 * The event is stored and handled in one transaction: either it counts, once, or the provider sends it again. The sweep
 * performs what it makes us owe (a late authorization is to be voided), because the provider waits for an answer.
 */
export async function receiveWebhook(
  { sql, provider, now, log, announce }: WebhookDeps,
  providerName: string,
  rawBody: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookAnswer> {
  if (providerName !== provider.name) return "unknown_provider";
  const event = provider.readWebhook(rawBody, headers);
  if (!event) return "bad_signature";
  const { eventId, type, charge, unreadAbout } = event;
  const recorded = await sql.transaction(async (tx) => {
    const noted = await tx.query(
      `insert into payment.webhook_inbox (provider, event_id, type, payment_id, received_at)
       values ($1, $2, $3, $4, $5) on conflict do nothing returning event_id`,
      [provider.name, eventId, type, charge?.paymentId ?? unreadAbout ?? null, new Date(now())],
    );
    if (noted.length === 0) return "repeated";
    await crashPoint("payment.webhook-noted");
    if (unreadAbout !== undefined && isUuid(unreadAbout)) await noteUnread(tx, unreadAbout, now());
    return charge && isUuid(charge.paymentId) ? recordFact(tx, charge.paymentId, charge, now()) : undefined;
  });
  if (recorded === "repeated") return "accepted";
  await crashPoint("payment.webhook-committed");
  if (!recorded) log.warn("webhook about an unknown payment", { provider: provider.name, eventId, type });
  await announce(recorded);
  return "accepted";
}

/** An operator must look: money may be involved. */
async function noteUnread(tx: Tx, paymentId: string, nowMs: number): Promise<void> {
  const intent = await lockIntentOf(tx, paymentId);
  const payments = intent ? await paymentsOf(tx, intent.orderId) : [];
  const about = payments.find((payment) => payment.paymentId === paymentId);
  if (about) await writeNews(tx, about, "not_understood", nowMs);
}
