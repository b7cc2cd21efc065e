/**
 * Says which secret, mail server and beacon a process has, so that it can be compared with the living processes of its
 * shop. All of them may be changed, for all processes at once.
 */
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Server } from "./presence.ts";

export type SharedSettings = {
  /** Signs tokens, passes and receipts. */
  secret: string;
  /** Absent: mails are kept for an ADMIN. */
  smtp: { url: string } | undefined;
  /** Absent: the shop's own beacon. */
  drand: { urls: readonly string[] } | undefined;
};

/** `id` is compared, `address` is for people. The id of a secret is its hash, salted with the shop's id: scrypt, RFC 7914. */
export async function sharedSettings(
  { secret, smtp, drand }: SharedSettings,
  shopId: string,
): Promise<Record<"tokens" | "mail" | "beacon", Server>> {
  const sender = smtp && new URL(smtp.url);
  // It may be changed at the mail server while processes run, and both are one sender.
  if (sender) sender.password = "";
  const beacon = drand ? drand.urls.toSorted().join(",") : "the shop's own";
  return {
    tokens: { id: await saltedHash(secret, shopId), address: "" },
    mail: { id: sender ? await saltedHash(sender.href, shopId) : "", address: sender?.host ?? "none" },
    beacon: { id: beacon, address: beacon },
  };
}

async function saltedHash(text: string, salt: string): Promise<string> {
  const hash = (await promisify(scrypt)(text, salt, 32)) as Buffer;
  return hash.toString("base64url");
}
