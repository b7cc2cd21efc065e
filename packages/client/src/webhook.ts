/** Checks a webhook by Standard Webhooks 1.0, and gives its event with the type of its data. */
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { components } from "./events.ts";

export { WebhookVerificationError };

/** `type` says which `data` it has. */
export type WebhookEvent = components["schemas"]["WebhookEvent"];

/**
 * `body` is the text as it was received, before any parsing.
 * @throws WebhookVerificationError for one that was not signed with the secret, or more than five minutes ago.
 */
export function verifyWebhook(
  secret: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
): WebhookEvent {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  return new Webhook(secret).verify(text, headers) as WebhookEvent;
}
