import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seeded } from "../../../../test/support/seeded.ts";
import { hashOf } from "../partitions.ts";
import { decodeFrames, encodeFrame } from "./frames.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const newRecord = fc.record({
  key: text,
  value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(text, text, { noNullPrototype: true }),
});

test("records read from their frames are the ones written, numbered from the base offset", () => {
  fc.assert(
    fc.property(fc.array(newRecord), fc.bigInt({ min: 0n, max: 2n ** 53n }), (records, baseOffset) => {
      const frames = Buffer.concat(records.map(encodeFrame));
      assert.deepEqual(
        decodeFrames({ baseOffset, appendedAtMs: 1, frames }),
        records.map((record, i) => ({ ...record, offset: baseOffset + BigInt(i), appendedAtMs: 1 })),
      );
    }),
    seeded(),
  );
});

test("frames that are cut short are an error, never a shorter record", () => {
  const frames = encodeFrame({ key: "lamp", value: Buffer.from("one") });
  for (let length = 1; length < frames.length; length += 1) {
    const cut = { baseOffset: 7n, appendedAtMs: 1, frames: frames.subarray(0, length) };
    assert.throws(() => decodeFrames(cut), RangeError);
  }
});

test("the hash of a key never changes, so that its records stay in one partition", () => {
  const hashes = ["", "lamp", "0190b6f2-7c1e-7a4b-9d55-3f2a1c0e8b77", "鍵 🔑"].map(hashOf);
  assert.deepEqual(hashes, [2_166_136_261, 1_810_951_995, 2_477_996_431, 3_146_605_874]);
});
