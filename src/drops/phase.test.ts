import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { phaseOf, type Timed } from "./phase.ts";

const drop: Timed = { state: "scheduled", opensAt: new Date(1_000), closesAt: new Date(5_000), paused: false };
const units = { free: 3, held: 0 };

test("a drop is upcoming until the millisecond of its opening, and ended from that of its closing on", () => {
  const phases = [999, 1_000, 4_999, 5_000].map((at) => phaseOf(drop, units, at));
  assert.deepEqual(phases, ["upcoming", "open", "open", "ended"]);
});

test("sold out for now means that units are held and may come back", () => {
  assert.equal(phaseOf(drop, { free: 0, held: 1 }, 2_000), "sold_out_for_now");
  assert.equal(phaseOf(drop, { free: 0, held: 0 }, 2_000), "sold_out");
  assert.equal(phaseOf({ ...drop, paused: true }, { free: 0, held: 0 }, 2_000), "paused");
});

test("whatever its times, a phase never goes back while nothing is changed and units only leave", () => {
  const order = ["draft", "upcoming", "paused", "open", "sold_out_for_now", "sold_out", "ended"];
  const ms = fc.integer({ min: 0, max: 20 });
  const story = fc.record({ opens: ms, closes: ms, paused: fc.boolean(), looks: fc.array(ms, { minLength: 2 }) });
  fc.assert(
    fc.property(story, ({ opens, closes, paused, looks }) => {
      const timed: Timed = { state: "scheduled", opensAt: new Date(opens), closesAt: new Date(closes), paused };
      const seen = looks
        .toSorted((a, b) => a - b)
        .map((at) => order.indexOf(phaseOf(timed, { free: Math.max(0, 10 - at), held: Math.max(0, 15 - at) }, at)));
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
  );
});
