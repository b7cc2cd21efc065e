import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seeded } from "../../test/support/seeded.ts";
import { endOfId, shortCodeOf } from "./short-codes.ts";

test("a short code names the last 40 bits of an id, and is read in every spelling that Crockford allows", () => {
  fc.assert(
    fc.property(fc.uuid(), (orderId) => {
      const code = shortCodeOf(orderId);
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{8}$/);
      for (const spelling of [
        code,
        code.toLowerCase(),
        `${code.slice(0, 4)}-${code.slice(4)}`,
        code.replaceAll("0", "o").replaceAll("1", "L"),
        code.replaceAll("1", "i"),
      ]) {
        assert.equal(endOfId(spelling), orderId.slice(-10), spelling);
      }
    }),
    seeded(),
  );
  assert.equal(shortCodeOf("9f86d081-884c-8d65-9a2f-000000000000"), "00000000");
  assert.equal(shortCodeOf("9f86d081-884c-8d65-9a2f-ffffffffff20"), "ZZZZZZS0");
});

test("no other text is a short code", () => {
  for (const text of ["", "ada", "0000000", "000000000", "UUUUUUUU", "9f86d081-884c-8d65-9a2f-eaa0c55ad015"]) {
    assert.equal(endOfId(text), undefined, text);
  }
});
