/** Why Redis could not be used, and which setting to look at. */
import { tlsAdvice } from "#platform/tls";
import type { RedisAddress } from "./link.ts";

export function adviceOn(error: unknown, { host, port, username, tls }: RedisAddress): string {
  const reason = error instanceof Error ? error.message : String(error);
  const at = `Redis at ${host}:${port}`;
  if (/WRONGPASS|NOAUTH|AUTH <password>/.test(reason)) {
    const setting = username === undefined ? "REDIS_PASSWORD" : "REDIS_USERNAME and REDIS_PASSWORD";
    return `${at} refuses the password (${reason}): set ${setting}`;
  }
  if (reason.startsWith("NOPERM")) {
    return `${at} does not allow its user what the gate needs (${reason}): grant ~* +@all -@dangerous +info`;
  }
  if (/^(This Redis|Redis still)/.test(reason)) return `${at} cannot hold the gate. ${reason}`;
  const handshake = tls && tlsAdvice(error, tlsSettings);
  if (handshake) return `cannot reach ${at}, encrypted: ${handshake}`;
  const check = "check REDIS_HOST and REDIS_PORT, and that it runs";
  const why = reason || "no answer";
  if (tls) return `cannot reach ${at}, encrypted (${why}): ${check} and speaks TLS there, else leave REDIS_TLS out`;
  // To a server that speaks TLS our first command is a broken handshake, and it hangs up.
  const hungUp = reason === "Socket closed unexpectedly" || /ECONNRESET|EPIPE/.test(reason);
  const perhapsTls = hungUp ? "; if it speaks TLS there, set REDIS_TLS=true" : "";
  return `cannot reach ${at} (${why}): ${check}${perhapsTls}`;
}

const tlsSettings = { host: "REDIS_HOST", port: "REDIS_PORT", tls: "REDIS_TLS", ca: "REDIS_CA_FILE" };
