import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { toBeat } from "./beat.ts";

describe("a pause that ends at a beat", () => {
  const nowMs = fc.double({ min: 0, max: 1e9, noNaN: true });

  test("differs from what was asked for by at most half a beat", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600_000 }), nowMs, (ms, now) => {
        assert.ok(Math.abs(toBeat(ms, now) - ms) <= (ms < 250 ? 0 : 125.001));
      }),
    );
  });

  test("is one for loops that asked at different moments between two beats", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 1e6 }), (beats, at) => {
        // Timers fire up to a few milliseconds late, and a little early.
        const ends = [-1, 0, 3, 60].map((late) => at * 250 + late + toBeat(beats * 250, at * 250 + late));
        assert.deepEqual(new Set(ends.map(Math.round)), new Set([(at + beats) * 250]));
      }),
    );
  });

  test("stays as it is if it is shorter than a beat", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 249 }), nowMs, (ms, now) => {
        assert.equal(toBeat(ms, now), ms);
      }),
    );
  });
});
