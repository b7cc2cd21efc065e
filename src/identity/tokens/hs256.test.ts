import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { createHs256 } from "./hs256.ts";

const lengths = [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 128, 300, 5_461, 5_462, 16_384, 40_000];

test("signs as HMAC-SHA-256 of Node does, whatever the lengths of secret and text", () => {
  for (const secretLength of [1, 32, 63, 64, 65, 200]) {
    const secret = randomBytes(secretLength).toString("latin1");
    const { sign } = createHs256(secret);
    // The longest comes first once, so that no shorter text meets what a longer one left behind.
    for (const length of [...lengths, ...lengths.toReversed()]) {
      const input = randomBytes(length).toString("latin1");
      const expected = createHmac("sha256", Buffer.from(secret)).update(input).digest("base64url");
      assert.equal(sign(input), expected, `secret of ${secretLength}, text of ${length}`);
    }
  }
});
