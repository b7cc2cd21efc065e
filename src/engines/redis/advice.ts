/** Explains why Redis could not be used, and which setting to look at. */
import { ErrorReply } from "@redis/client";
import { messageOf } from "#platform/thrown";
import { tlsAdvice } from "#platform/tls";
import type { ConnectOptions } from "./access.ts";

/** The server is reached, and its user cannot use it. */
export class RedisUnfit extends Error {}

export function adviceOn(error: unknown, { host, port, username, tls, purpose }: ConnectOptions): string {
  const reason = messageOf(error);
  const at = `Redis at ${host}:${port}`;
  if (/WRONGPASS|NOAUTH|AUTH <password>/.test(reason)) {
    const setting = username === undefined ? "REDIS_PASSWORD" : "REDIS_USERNAME and REDIS_PASSWORD";
    return `${at} refuses the password (${reason}): set ${setting}`;
  }
  if (reason.startsWith("NOPERM")) {
    return `${at} does not allow its user what is needed (${reason}): grant ~* +@all -@dangerous +info`;
  }
  if (error instanceof RedisUnfit) return `${at} cannot ${purpose}. ${reason}`;
  if (error instanceof ErrorReply) return `${at} answers, and refuses (${reason}): ${adviceOnReply(reason)}`;
  const handshake = tls && tlsAdvice(error, tlsSettings);
  if (handshake) return `cannot reach ${at}, encrypted: ${handshake}`;
  const check = "check REDIS_HOST and REDIS_PORT, and that it runs";
  const why = reason || "no answer";
  if (tls) return `cannot reach ${at}, encrypted (${why}): ${check} and speaks TLS there, else leave REDIS_TLS out`;
  // A server that speaks TLS takes our first command for a broken handshake and hangs up.
  const hungUp = reason === "Socket closed unexpectedly" || /ECONNRESET|EPIPE/.test(reason);
  const perhapsTls = hungUp ? "; if it speaks TLS there, set REDIS_TLS=true" : "";
  return `cannot reach ${at} (${why}): ${check}${perhapsTls}`;
}

function adviceOnReply(reason: string): string {
  if (reason.includes("max number of clients")) return "raise its maxclients, or stop what else uses it";
  return "its own log may say more";
}

const tlsSettings = { host: "REDIS_HOST", port: "REDIS_PORT", tls: "REDIS_TLS", ca: "REDIS_CA_FILE" };
