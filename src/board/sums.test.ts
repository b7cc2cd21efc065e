import assert from "node:assert/strict";
import { test } from "node:test";
import { sinceSeen, sumOf } from "./sums.ts";

const span = { number: 7, spanMs: 1_000, accepted: 0, refused: {}, p99Ms: null };
const beat = { ...span, process: "a", ageMs: 400, earlier: [] };

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

test("a beat that was passed over is part of the next look, once; at the first look only the latest beat counts", () => {
  const missed = { ...span, number: 6, accepted: 12, refused: { sold_out: 4, overloaded: 2 }, p99Ms: 30 };
  const earlier = [missed, { ...missed, number: 5 }];
  const latest = { ...beat, accepted: 2, refused: { sold_out: 8 }, earlier };
  const seenAt = (seen?: number) => {
    const { acceptsPerSecond, refusalsPerSecond, p99Ms } = sumOf([sinceSeen(latest, seen)]);
    return { acceptsPerSecond, refusalsPerSecond, p99Ms };
  };
  const latestAlone = { acceptsPerSecond: 2, refusalsPerSecond: { sold_out: 8 }, p99Ms: null };
  assert.deepEqual(seenAt(5), { acceptsPerSecond: 7, refusalsPerSecond: { sold_out: 6, overloaded: 1 }, p99Ms: 30 });
  assert.deepEqual([seenAt(undefined), seenAt(6), seenAt(7)], [latestAlone, latestAlone, latestAlone]);
});

test("a process whose crowd has gone is not late at the look that follows after some seconds", () => {
  const missed = { ...span, number: 6, accepted: 12, p99Ms: 30 };
  const idle = { ...beat, ageMs: 5_000, earlier: [missed] };
  const { acceptsPerSecond, processes, silent } = sumOf([sinceSeen(idle, 5)]);
  assert.deepEqual([acceptsPerSecond, processes, silent], [0, 1, []]);
});
