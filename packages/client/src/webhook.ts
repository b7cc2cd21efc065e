/** Checks a webhook by Standard Webhooks 1.0, and gives its event with the type of its data. */
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { components } from "./events.ts";

export { WebhookVerificationError };

/** `type` says which `data` it has. */
export type WebhookEvent = components["schemas"]["WebhookEvent"];

/** The headers of a request of `node:http` and what is built on it, or those of a `Request`. */
export type WebhookHeaders = Headers | { [name: string]: string | string[] | undefined };

const signedNames = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/**
 * `body` is the text as it was received, before any parsing.
 * @throws WebhookVerificationError for one that was not signed with the secret, or more than five minutes ago.
 */
export function verifyWebhook(secret: string, headers: WebhookHeaders, body: string | Uint8Array): WebhookEvent {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const headerOf = (name: string) => (isFetched(headers) ? headers.get(name) : headers[name]);
  const signed = Object.fromEntries(signedNames.map((name) => [name, String(headerOf(name) ?? "")]));
  return new Webhook(secret).verify(text, signed) as WebhookEvent;
}

/** Not by `instanceof`, because some frameworks have a class of their own. */
function isFetched(headers: WebhookHeaders): headers is Headers {
  return typeof headers.get === "function";
}
