import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { createSigning } from "./signing.ts";

const secret = "a secret of at least thirty-two bytes";

function holds(publicKey: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
}

test("a signature holds under the public key, for its text alone", () => {
  const { publicKey, sign } = createSigning(secret);
  const signature = sign("a place of Ödön");
  assert.equal(holds(publicKey, "a place of Ödön", signature), true);
  assert.equal(holds(publicKey, "a place of Odon", signature), false);
});

test("processes of one secret have one key, and another secret has another", () => {
  assert.deepEqual(createSigning(secret).sign("text"), createSigning(secret).sign("text"));
  assert.notEqual(createSigning(secret).publicKey, createSigning(`${secret}!`).publicKey);
});

test("the key of a secret stays the same in later versions, or receipts that people hold would be worth nothing", () => {
  assert.equal(createSigning(secret).publicKey, "tkBWJXSA-u4ggOhhPRYoKLxwOo-Aun73eqzrCCjLkKg");
});
