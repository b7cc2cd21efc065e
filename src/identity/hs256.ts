/** Signs and checks tokens with one secret. */
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";

/** Signs and checks with one secret by HMAC-SHA-256 (RFC 2104), in the base64url form that tokens carry. */
export type Hs256 = {
  sign(input: string): string;
  /** In constant time; only the canonical spelling of the signature passes. */
  matches(input: string, signature: string): boolean;
};

export function createHs256(secret: string): Hs256 {
  const key = createSecretKey(secret, "utf8");
  const sign = (input: string) => createHmac("sha256", key).update(input).digest("base64url");

  return {
    sign,
    matches(input, signature) {
      // This compares the spellings, not the decoded bytes: another spelling of the same bytes does not pass.
      const [expected, given] = [Buffer.from(sign(input)), Buffer.from(signature)];
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
