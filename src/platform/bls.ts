/**
 * Signs and checks the rounds of a randomness beacon in drand's scheme `bls-unchained-g1-rfc9380`: a BLS signature on G1
 * over the round's number alone, so that one round is checked without the others. Runs in a browser too.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes as bytesOf, bytesToHex as hexOf } from "@noble/hashes/utils.js";

export const blsScheme = "bls-unchained-g1-rfc9380";

const { shortSignatures } = bls12_381;
const domain = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/** Whether the chain's key signed this round; false also for what is no signature at all. Takes some 20 ms. */
export function isRound(
  { scheme, publicKey }: { scheme: string; publicKey: string },
  round: number,
  signature: string,
): boolean {
  if (scheme !== blsScheme) return false;
  try {
    return shortSignatures.verify(bytesOf(signature), pointOf(round), bytesOf(publicKey));
  } catch {
    // The bytes are no point of the curve.
    return false;
  }
}

/** A key pair from 48 bytes or more of a secret. */
export function blsKeyOf(secret: Uint8Array): { publicKey: string; sign(round: number): string } {
  const { secretKey } = shortSignatures.keygen(secret);
  return {
    publicKey: hexOf(shortSignatures.getPublicKey(secretKey).toBytes()),
    sign: (round) => hexOf(shortSignatures.sign(pointOf(round), secretKey).toBytes()),
  };
}

/** The value of a round, in hex. */
export function randomnessOf(signature: string): string {
  return hexOf(sha256(bytesOf(signature)));
}

function pointOf(round: number) {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setBigUint64(0, BigInt(round));
  return shortSignatures.hash(sha256(message), domain);
}
