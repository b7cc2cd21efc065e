import assert from "node:assert/strict";
import { test } from "node:test";
import recorded from "../../test/support/drand-quicknet.json" with { type: "json" };
import { blsKeyOf, blsScheme, isRound, randomnessOf } from "./bls.ts";

const { publicKey, rounds } = recorded;
const quicknet = { scheme: blsScheme, publicKey };

test("two recorded rounds of drand verify with its key, and their values are the ones that drand gave out", () => {
  for (const { round, signature, randomness } of rounds) {
    assert.equal(isRound(quicknet, round, signature), true);
    assert.equal(randomnessOf(signature), randomness);
  }
});

test("a signature of another round, of another key, cut short or no signature at all does not verify", () => {
  const [one, other] = rounds as [(typeof rounds)[0], (typeof rounds)[0]];
  const own = blsKeyOf(new Uint8Array(48).fill(7));
  assert.equal(isRound(quicknet, one.round, other.signature), false);
  assert.equal(isRound({ ...quicknet, publicKey: own.publicKey }, one.round, one.signature), false);
  assert.equal(isRound({ ...quicknet, scheme: "pedersen-bls-chained" }, one.round, one.signature), false);
  for (const signature of [one.signature.slice(2), `c0${"00".repeat(47)}`, "no hex", ""]) {
    assert.equal(isRound(quicknet, one.round, signature), false, signature);
  }
});

test("a key of our own signs rounds that verify", () => {
  const { publicKey: own, sign } = blsKeyOf(new Uint8Array(48).fill(7));
  assert.equal(isRound({ scheme: blsScheme, publicKey: own }, 5, sign(5)), true);
  assert.equal(isRound({ scheme: blsScheme, publicKey: own }, 6, sign(5)), false);
});
