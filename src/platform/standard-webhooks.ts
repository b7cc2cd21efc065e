/**
 * Signs and checks webhooks as Standard Webhooks 1.0 says, with symmetric signatures.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

export type SignedHeaders = { "webhook-id": string; "webhook-timestamp": string; "webhook-signature": string };

type ReceivedHeaders = Readonly<Record<string, string | string[] | undefined>>;

const toleranceMs = 5 * 60_000;

/**
 * The timestamp is the time of the attempt, so a delivery that is repeated after a long outage is still fresh. While a
 * secret is being changed there is one signature for each.
 */
export function signWebhook(
  secret: string | readonly string[],
  id: string,
  body: Buffer,
  nowMs: number,
): SignedHeaders {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = [secret].flat().map((one) => `v1,${mac(one, id, timestamp, body).toString("base64")}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/** Returns the id of a message that was signed with the secret within five minutes of now, else undefined. */
export function verifyWebhook(
  secret: string,
  headers: ReceivedHeaders,
  body: Buffer,
  nowMs: number,
): string | undefined {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signatures !== "string") return undefined;
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return undefined;
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) return undefined;
  const expected = mac(secret, id, timestamp, body);
  // While a secret is being changed the sender signs with both, so there may be several.
  return signatures.split(" ").some((signature) => matches(signature, expected)) ? id : undefined;
}

function matches(signature: string, expected: Buffer): boolean {
  if (!signature.startsWith("v1,")) return false;
  const given = Buffer.from(signature.slice(3), "base64");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function mac(secret: string, id: string, timestamp: string, body: Buffer): Buffer {
  return createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest();
}

/** Made once for each secret: a key in the form of bytes costs five times as much, each time. */
const keys = new Map<string, KeyObject>();
/** Secrets change seldom, so a table of this size has all that are in use. */
const mostKeys = 1_000;

/** The standard writes keys as `whsec_` and base64. Any other text is used as bytes. */
function keyOf(secret: string): KeyObject {
  let key = keys.get(secret);
  if (!key) {
    const prefix = "whsec_";
    const encoded = secret.startsWith(prefix)
      ? Buffer.from(secret.slice(prefix.length), "base64")
      : Buffer.from(secret);
    key = createSecretKey(encoded);
    if (keys.size >= mostKeys) keys.clear();
    keys.set(secret, key);
  }
  return key;
}
