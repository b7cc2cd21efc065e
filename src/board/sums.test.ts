import assert from "node:assert/strict";
import { test } from "node:test";
import { sumOf } from "./sums.ts";

const beat = { process: "a", ageMs: 400, spanMs: 1_000, accepted: 0, refused: {}, p99Ms: null };

test("the figures of all processes add up by the second, also where a beat was longer", () => {
  const one = { ...beat, accepted: 90, refused: { sold_out: 10 }, p99Ms: 12 };
  const two = {
    ...beat,
    process: "b",
    spanMs: 2_000,
    accepted: 20,
    refused: { sold_out: 4, overloaded: 1 },
    p99Ms: 40,
  };
  assert.deepEqual(sumOf([one, two]), {
    acceptsPerSecond: 100,
    refusalsPerSecond: { sold_out: 12, overloaded: 0.5 },
    p99Ms: 40,
    processes: 2,
    silent: [],
  });
});

test("a process that took orders and beats no more is late after 3 s, with its age, and its figures are left out", () => {
  const late = { ...beat, accepted: 90, p99Ms: 12, ageMs: 3_600 };
  assert.deepEqual(sumOf([late, { ...beat, process: "b", accepted: 5, p99Ms: 3 }]), {
    acceptsPerSecond: 5,
    refusalsPerSecond: {},
    p99Ms: 3,
    processes: 1,
    silent: [{ process: "a", ageSeconds: 4 }],
  });
});

test("a process that takes no orders is there for 15 s after its beat, late until a minute, then gone", () => {
  const at = (ageMs: number) => {
    const { processes, silent } = sumOf([{ ...beat, ageMs }]);
    return [processes, silent.length];
  };
  assert.deepEqual(
    [at(14_000), at(16_000), at(61_000)],
    [
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  );
});
