/** Checks signatures by Ed25519 (RFC 8032). */
import { createPublicKey, verify } from "node:crypto";

/** Over the text's UTF-8. Key and signature in base64url; false also for what is no key or no signature at all. */
export function isSigned(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}
