/** How brokers are spoken to, and what to set where they do not want to be spoken to so. */
import { tlsAdvice } from "#platform/tls";

export type Security = {
  /** Absent: not encrypted. `ca`, in PEM, where the brokers' certificates are not signed by one that Node knows. */
  tls?: { ca?: string } | undefined;
  sasl?: { mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512"; username: string; password: string } | undefined;
};

/** Goes on the sentence that says what failed; empty where the security did not fail. */
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
  ...{ host: "KAFKA_BOOTSTRAP", port: "the port in KAFKA_BOOTSTRAP" },
  ...{ tls: "KAFKA_TLS", ca: "KAFKA_CA_FILE" },
};

function reasonsOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${reasonsOf(error.cause)}` : "";
}
