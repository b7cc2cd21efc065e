/**
 * Signs what outsiders keep and check: the receipt of a place in the line, the heads and the root of a roster. Ed25519
 * (RFC 8032), so that a check needs the public key alone.
 */
import { createPrivateKey, createPublicKey, sign as edSign, hkdfSync } from "node:crypto";

export type Signing = {
  /** The 32 bytes of the key, in base64url. */
  publicKey: string;
  /** The signature of the text's UTF-8, in base64url. */
  sign(text: string): string;
};

/** PKCS #8 before the 32 bytes of an Ed25519 key: https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** One secret has one key, in every process and after every start. */
export function createSigning(secret: string): Signing {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "dropgate signed receipts", 32));
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  const { x: publicKey = "" } = createPublicKey(key).export({ format: "jwk" });
  return { publicKey, sign: (text) => edSign(null, Buffer.from(text), key).toString("base64url") };
}
