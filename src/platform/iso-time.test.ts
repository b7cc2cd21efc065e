import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isoTime } from "./iso-time.ts";

test("a time is written as Date writes it, whatever was written before", () => {
  const near = fc.integer({ min: 0, max: 200_000 }).map((ms) => 1_795_000_000_000 + ms);
  const any = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any), { minLength: 1, maxLength: 50 }), (times) => {
      for (const ms of times) assert.equal(isoTime(ms), new Date(ms).toISOString());
    }),
  );
  for (const ms of [0, -1, -0.5, 999.9, 8.64e15, -8.64e15, Date.UTC(10_000, 0), Date.UTC(-1, 0)])
    assert.equal(isoTime(ms), new Date(ms).toISOString());
});

test("an impossible time is refused, also one of the last possible second", () => {
  isoTime(8.64e15);
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, 8.64e15 + 1_000, -8.64e15 - 1])
    assert.throws(() => isoTime(ms), RangeError, `${ms}`);
  assert.equal(isoTime(8.64e15), new Date(8.64e15).toISOString());
});
