import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { phaseOf, type Timed, type Units } from "../../src/drops/phase.ts";
import { phaseNow } from "../../web/lib/phases.ts";
import { seeded } from "../support/seeded.ts";

const drop: Timed = { state: "scheduled", opensAt: new Date(1_000), closesAt: new Date(5_000), paused: false };
const units = [{ free: 3, held: 0 }];
const paused = { paused: true };

/** Of each case: its name, the changed fields, the units of its products as [free, held], the time, and the phase. */
const cases: readonly [string, Partial<Timed>, readonly (readonly [number, number])[], number, string][] = [
  ["a draft has no time yet", { state: "draft" }, [[3, 0]], 2_000, "draft"],
  ["a cancelled drop stays so, before its opening", { state: "cancelled" }, [[3, 0]], 0, "cancelled"],
  ["a cancelled drop stays so, after its end", { state: "cancelled", ...paused }, [[3, 0]], 9_000, "cancelled"],
  ["the millisecond before the opening", {}, [[3, 0]], 999, "upcoming"],
  ["the millisecond of the opening", {}, [[3, 0]], 1_000, "open"],
  ["the millisecond before the closing", {}, [[3, 0]], 4_999, "open"],
  ["the millisecond of the closing", {}, [[3, 0]], 5_000, "ended"],
  ["sold out before the opening is not told", {}, [[0, 0]], 999, "upcoming"],
  ["a pause before the opening is not told: nothing could be bought anyway", paused, [[3, 0]], 999, "upcoming"],
  ["paused", paused, [[3, 0]], 2_000, "paused"],
  ["paused and sold out", paused, [[0, 0]], 2_000, "paused"],
  ["a pause ends with the drop", paused, [[3, 0]], 5_000, "ended"],
  ["closed early, before it ever opened", { closesAt: new Date(500) }, [[3, 0]], 700, "ended"],
  ["no unit is free, and one is held: it may return", {}, [[0, 1]], 2_000, "sold_out_for_now"],
  ["no unit is free, and none is held", {}, [[0, 0]], 2_000, "sold_out"],
  ["one size is taken, another is free", {}, [[0, 4], [1, 0]], 2_000, "open"], // biome-ignore format: a row is a case
  ["all sizes are taken, one of them for now", {}, [[0, 0], [0, 2]], 2_000, "sold_out_for_now"], // biome-ignore format: a row is a case
  ["its products are not known yet", {}, [], 2_000, "sold_out"],
];

describe("the phase of a drop, at the shop and on its pages", () => {
  for (const [says, change, counts, nowMs, phase] of cases) {
    test(`${says}: ${phase}`, () => {
      const products = counts.map(([free, held]) => ({ free, held }));
      assert.equal(phaseOf({ ...drop, ...change }, products, nowMs), phase);
      if (change.state === "draft") return;
      // The page last heard what was told a moment before.
      const heard = phaseOf({ ...drop, ...change }, products, nowMs - 1);
      assert.equal(phaseNow(onThePage({ ...drop, ...change }, heard, products), nowMs), phase);
    });
  }
});

function onThePage({ state: _, opensAt, closesAt, paused }: Timed, phase: ReturnType<typeof phaseOf>, of: Units[]) {
  const products = of.map((one, i) => ({ ...one, sold: 0, productId: `size-${i}`, label: null }));
  const times = { opensAt: new Date(opensAt).toISOString(), closesAt: new Date(closesAt).toISOString() };
  return { phase, ...times, paused, products };
}

test("whatever its times, a phase never goes back while nothing is changed and units only leave", () => {
  const order = ["draft", "upcoming", "paused", "open", "sold_out_for_now", "sold_out", "ended"];
  const ms = fc.integer({ min: 0, max: 20 });
  const story = fc.record({ opens: ms, closes: ms, paused: fc.boolean(), looks: fc.array(ms, { minLength: 2 }) });
  fc.assert(
    fc.property(story, ({ opens, closes, paused, looks }) => {
      const timed: Timed = { state: "scheduled", opensAt: new Date(opens), closesAt: new Date(closes), paused };
      const seen = looks
        .toSorted((a, b) => a - b)
        .map((at) => order.indexOf(phaseOf(timed, [{ free: Math.max(0, 10 - at), held: Math.max(0, 15 - at) }], at)));
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      for (const at of looks) {
        const orders = ["open", "sold_out_for_now", "sold_out"].includes(phaseOf(timed, units, at));
        assert.equal(orders, at >= opens && at < closes && !paused, "open only within the window, and not paused");
        assert.equal(phaseOf({ ...timed, state: "draft" }, units, at), "draft");
      }
    }),
    seeded(),
  );
});
