import { hash, timingSafeEqual } from "node:crypto";

/** Signs and checks with one secret by HMAC-SHA-256 (RFC 2104), in the base64url form that tokens carry. */
export type Hs256 = {
  sign(input: string): string;
  /** In constant time; only the canonical spelling of the signature passes. */
  matches(input: string, signature: string): boolean;
};

const blockBytes = 64;
const digestBytes = 32;
const signatureChars = 43;
/** More than a header can carry: Node refuses those above 16 KiB. */
const longestInput = 16_384;

/**
 * Two one-shot hashes over prepared blocks, because `createHmac` makes a native object a call. Measured outside
 * the socket, a request takes 3.7 µs without a token; verifying one adds 3.2 µs this way, 4.3 µs with `createHmac`
 * and 7.0 µs with fast-jwt. The test proves it equal to `createHmac` over random keys and inputs.
 */
export function createHs256(secret: string): Hs256 {
  const given = Buffer.from(secret);
  const key = Buffer.alloc(blockBytes);
  key.set(given.length > blockBytes ? hash("sha256", given, "buffer") : given);

  const inner = Buffer.alloc(blockBytes + longestInput);
  const outer = Buffer.alloc(blockBytes + digestBytes);
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const expected = Buffer.alloc(signatureChars);
  const candidate = Buffer.alloc(signatureChars);

  /** `input` holds ASCII only: callers check its shape, and a wider character would lose its upper bits here. */
  function sign(input: string): string {
    if (input.length > longestInput) throw new RangeError(`a token of ${input.length} characters is too long`);
    const end = blockBytes + inner.write(input, blockBytes, "latin1");
    outer.write(hash("sha256", inner.subarray(0, end), "hex"), blockBytes, "hex");
    return hash("sha256", outer, "base64url");
  }

  return {
    sign,
    matches(input, signature) {
      if (input.length > longestInput || signature.length !== signatureChars) return false;
      expected.write(sign(input), "latin1");
      candidate.write(signature, "latin1");
      return timingSafeEqual(expected, candidate);
    },
  };
}
