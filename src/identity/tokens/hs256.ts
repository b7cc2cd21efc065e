/** Signs and checks tokens with one secret. */
import { hash, timingSafeEqual } from "node:crypto";

/** Signs and checks with one secret by HMAC-SHA-256 (RFC 2104), in the base64url form that tokens carry. */
export type Hs256 = {
  sign(input: string): string;
  /** In constant time; only the canonical spelling of the signature passes. */
  matches(input: string, signature: string): boolean;
};

/** Of SHA-256. */
const blockBytes = 64;
const hashBytes = 32;
/** Longer inputs get a buffer of their own. A token in a header is shorter: Node refuses headers above 16 KB. */
const usualBytes = 16 * 1024;

/**
 * Each request is checked here, so this composes HMAC of Node's one-shot hash: `createHmac` costs twice as much, and its
 * object makes work for the garbage collector besides. hs256.test.ts holds it to `createHmac`.
 */
export function createHs256(secret: string): Hs256 {
  const key = blockKeyOf(secret);
  const inner = Buffer.alloc(blockBytes + usualBytes);
  const outer = Buffer.alloc(blockBytes + hashBytes);
  for (let i = 0; i < blockBytes; i += 1) {
    inner[i] = (key[i] as number) ^ 0x36;
    outer[i] = (key[i] as number) ^ 0x5c;
  }
  const [expected, given] = [Buffer.alloc(signatureLength), Buffer.alloc(signatureLength)];

  function sign(input: string): string {
    // A character takes three bytes of UTF-8 at most.
    const fits = input.length * 3 <= usualBytes;
    const bytes = fits
      ? inner.subarray(0, blockBytes + inner.write(input, blockBytes))
      : Buffer.concat([inner.subarray(0, blockBytes), Buffer.from(input)]);
    outer.write(hash("sha256", bytes, "hex"), blockBytes, "hex");
    return hash("sha256", outer, "base64url");
  }

  return {
    sign,
    matches(input, signature) {
      // This compares the spellings, not the decoded bytes: another spelling of the same bytes does not pass.
      if (Buffer.byteLength(signature) !== signatureLength) return false;
      expected.write(sign(input));
      given.write(signature);
      return timingSafeEqual(given, expected);
    },
  };
}

/** A hash in base64url. */
const signatureLength = 43;

/** RFC 2104 §2: a longer key is hashed first, and zeros fill the block. */
function blockKeyOf(secret: string): Buffer {
  const bytes = Buffer.from(secret);
  const key = Buffer.alloc(blockBytes);
  (bytes.length > blockBytes ? Buffer.from(hash("sha256", bytes, "hex"), "hex") : bytes).copy(key);
  return key;
}
