/** Reads the CA for TLS to the engines, and says which setting to correct after a failed handshake. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The certificates of a PEM file, as text. Node ignores those that it cannot read and then trusts no server, so each
 * certificate is parsed here once.
 * @throws Error whose message completes a sentence that ends with the file's name.
 */
export function readCaFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`which cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new Error("which holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Error("which holds a certificate that cannot be read");
    }
  }
  return certificates.join("\n");
}

/** The settings on which a handshake depends, in words for a person. */
export type TlsSettings = { host: string; port: string; tls: string; ca: string };

/** Why a handshake failed and what to set; undefined if the failure is not about TLS. */
export function tlsAdvice(error: unknown, { host, port, tls, ca }: TlsSettings): string | undefined {
  for (const { code = "", message, cert } of chainOf(error)) {
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
      const names = cert?.subjectaltname ?? "no host";
      return `its certificate is for another host (${names}): set ${host} to a name it has, or have it name this one`;
    }
    if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
      return `its certificate is not valid today (${code}): renew it, and look at the clocks`;
    }
    if (untrusted.test(code)) {
      return `no CA that is trusted here has signed its certificate (${code}): set ${ca} to the PEM file of the CA that has`;
    }
    if (notTls.test(code) || message.includes(hungUp)) {
      return `it does not answer in TLS there (${code}): check ${port}, or leave ${tls} out where it has none`;
    }
  }
  return undefined;
}

const untrusted =
  /^(SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE|CERT_UNTRUSTED|INVALID_CA)/;
const notTls = /^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE)|EPROTO$)/;
const hungUp = "before secure TLS connection was established";

type Fault = Error & { code?: string; cert?: { subjectaltname?: string } };

/** The error and its causes, from the outermost to the innermost, with the errors of all addresses that were tried. */
function* chainOf(error: unknown): Generator<Fault> {
  for (let at = error; at instanceof Error; at = at.cause) {
    yield at;
    if (at instanceof AggregateError) for (const each of at.errors) yield* chainOf(each);
  }
}
