import assert from "node:assert/strict";
import { test } from "node:test";
import { createAges } from "./ages.ts";

test("the age of a queue's oldest entry is counted from the first look that saw it", () => {
  let nowMs = 0;
  const ages = createAges(() => nowMs);
  const at = (ms: number, next: bigint, end: bigint) => {
    nowMs = ms;
    return ages.sample(next, end);
  };
  assert.equal(at(0, 0n, 0n), 0, "an empty queue");
  assert.equal(at(1_000, 0n, 5n), 0, "seen for the first time");
  assert.equal(at(3_000, 0n, 9n), 2_000, "the oldest of them still waits");
  assert.equal(at(4_000, 5n, 9n), 1_000, "the first five are gone; the next came by the second look");
  assert.equal(at(6_000, 9n, 9n), 0, "all are gone");
  assert.equal(at(7_000, 9n, 10n), 0);
  assert.equal(at(9_000, 0n, 2n), 0, "a queue that was made anew");
});

test("a queue that only grows keeps the moment of its oldest entry, however often it is looked at", () => {
  let nowMs = 0;
  const ages = createAges(() => nowMs);
  for (nowMs = 0; nowMs < 10_000; nowMs += 1) ages.sample(0n, BigInt(nowMs + 1));
  assert.equal(ages.sample(0n, 10_001n), 10_000);
});
