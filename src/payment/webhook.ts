/** Handles a provider's webhooks, which come at least once, in any order, and sometimes about unknown payments. */
import { crashPoint } from "#platform/crash-points";
import { isUuid } from "#platform/ids";
import type { Log } from "#platform/log";
import type { Decided, OrderBooks } from "./changes.ts";
import { afterSaid, type FactSource, paymentOf, type Recorded } from "./facts.ts";
import { newsOf } from "./news.ts";
import type { WebhookEvent, WebhookHeaders } from "./provider.ts";

export type WebhookAnswer = "accepted" | "bad_signature" | "unknown_provider";

export type WebhookDeps = FactSource & { log: Log };

/**
 * The event is stored and handled in one transaction: either it counts, once, or the provider sends it again. The sweep
 * performs what it makes us owe (a late authorization is to be voided), because the provider waits for an answer.
 */
export async function receiveWebhook(
  { changes, provider, log, announce }: WebhookDeps,
  providerName: string,
  rawBody: Buffer,
  headers: WebhookHeaders,
): Promise<WebhookAnswer> {
  if (providerName !== provider.name) return "unknown_provider";
  const event = await provider.readWebhook(rawBody, headers);
  if (!event) return "bad_signature";
  const { eventId, type, charge, unreadAbout } = event;
  const about = charge?.paymentId ?? unreadAbout;
  const recorded = await changes.make<Heard>({
    of: { paymentId: about !== undefined && isUuid(about) ? about : noPayment },
    event: { provider: provider.name, eventId, type, paymentId: about ?? null },
    decide: (books, { nowMs, isRepeated }) => (isRepeated ? { answer: "repeated" } : afterEvent(books, event, nowMs)),
  });
  if (recorded === "repeated") return "accepted";
  await crashPoint("payment.webhook-committed");
  if (!recorded) log.warn("webhook about an unknown payment", { provider: provider.name, eventId, type });
  await announce(recorded);
  return "accepted";
}

/** `undefined`: about no payment that the books know. */
type Heard = Recorded | "repeated" | undefined;

const noPayment = "00000000-0000-0000-0000-000000000000";

function afterEvent(
  books: OrderBooks | undefined,
  { charge, unreadAbout = "" }: WebhookEvent,
  nowMs: number,
): Decided<Heard> {
  if (charge) return afterSaid(books, charge.paymentId, charge, nowMs);
  const about = books && paymentOf(books, unreadAbout);
  if (!about) return { answer: undefined };
  // An operator must look: money may be involved.
  return { answer: undefined, books: { ...books, news: [...books.news, newsOf(about, "not_understood")] } };
}
