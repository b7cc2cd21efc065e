/**
 * Checks the order of a line by the same code as `dropgate verify`. A browser's own WebCrypto knows no BLS, and in older
 * ones no Ed25519, so both come from a package. Runs in a worker, and in the tests.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  type Check,
  type FairRecord,
  type Kept,
  type Published,
  readLines,
  type Tools,
  verify,
} from "../../src/fairness/fairness.ts";
import { isRound } from "../../src/platform/bls.ts";

/** @throws if the files have another form than docs/guide/fair.md says. */
export function checkLine(published: Published, kept: readonly Kept[]): Check[] {
  const record: FairRecord = JSON.parse(published["fair.json"] ?? "");
  const shop: { publicKey: string } = JSON.parse(published["dropgate.json"] ?? "");
  return verify({ record, shopKey: shop.publicKey, ...readLines(published), kept }, tools);
}

const tools: Tools = {
  sha256,
  isRound,
  isSigned(publicKey, text, signature) {
    try {
      return ed25519.verify(bytesOf(signature), new TextEncoder().encode(text), bytesOf(publicKey));
    } catch {
      // It is no key or no signature at all.
      return false;
    }
  },
};

/** Of base64url. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}
