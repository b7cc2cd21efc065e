/** Describes TLS and login at the brokers, and says which settings to correct if they fail. */
import { tlsAdvice } from "#platform/tls";

export type Security = {
  /**
   * Absent: not encrypted. `ca`, in PEM, is needed if Node does not know the CA that signed the brokers' certificates.
   */
  tls?: { ca?: string } | undefined;
  sasl?: { mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512"; username: string; password: string } | undefined;
};

/** Completes the sentence that says what failed; empty if the security did not fail. */
export function adviceOn(error: unknown, { tls, sasl }: Security): string {
  const handshake = tls && tlsAdvice(error, tlsSettings);
  if (handshake) return `: ${handshake}`;
  const reasons = reasonsOf(error);
  if (reasons.includes("Broker requires TLS")) return ": it speaks TLS there, set KAFKA_TLS=true";
  if (sasl && reasons.includes("SASL authentication failed")) {
    return `: it refuses user ${sasl.username}, check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM`;
  }
  if (sasl && reasons.includes("suitable SASL mechanism")) {
    const perhapsTls = tls ? "" : "; if it speaks TLS there, set KAFKA_TLS=true";
    return `: no login by ${sasl.mechanism} there, check KAFKA_SASL_MECHANISM and the port in KAFKA_BOOTSTRAP${perhapsTls}`;
  }
  return "";
}

const tlsSettings = {
  host: "KAFKA_BOOTSTRAP",
  port: "the port in KAFKA_BOOTSTRAP",
  tls: "KAFKA_TLS",
  ca: "KAFKA_CA_FILE",
};

function reasonsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${reasonsOf(error.cause)}` : "";
}
