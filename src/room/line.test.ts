import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seeded } from "../../test/support/seeded.ts";
import { callsOf, nextRate, reachOf, shareOf, spareOf } from "./controller.ts";
import { type Ask, grantsOf, refilled } from "./grants.ts";
import { simulateLine } from "./line.testing.ts";

describe("a line of 10,000 people on a virtual clock", () => {
  for (const leavers of [0, 0.4, 0.8]) {
    test(`F1: sells all units and never gives a pass too many, with ${leavers * 100} % who stay away`, () => {
      const line = simulateLine({ people: 10_000, units: 1_000, leavers, rate: 50, seed: 14 });
      assert.equal(line.sold, 1_000);
      assert.equal(line.passesTooMany, 0, "L3");
      assert.equal(line.calledFell, 0, "L4");
      assert.ok(line.longestStandstillS <= 20, `${line.longestStandstillS} s without a call or a sale`);
      assert.ok(line.insideWithNothing <= 100, `${line.insideWithNothing} people were inside with nothing to win`);
    });
  }

  test("offers every unit down the whole line if no one comes (L7)", () => {
    const line = simulateLine({ people: 5_000, units: 50, leavers: 1, rate: 50, seed: 14 });
    assert.equal(line.sold, 0);
    assert.equal(line.called, 5_000);
    // Twenty times as many people as units are called in twenty seconds: one second for each unit's share of the line.
    assert.ok(line.seconds <= 5_000 / 50 + 60, `${line.seconds} s`);
  });

  test("serves people who come long after their call, and people with many tabs once", () => {
    const line = simulateLine({
      people: 2_000,
      units: 500,
      leavers: 0.3,
      lateComers: 0.3,
      tabs: 10,
      rate: 40,
      seed: 3,
    });
    assert.deepEqual([line.sold, line.passesTooMany, line.passesOfOnePerson], [500, 0, 1]);
  });

  test("sells each size although people of a size that is gone wait in front", () => {
    const line = simulateLine({ people: 2_000, units: 60, leavers: 0.2, sizes: [0.9, 0.1], rate: 40, seed: 5 });
    assert.deepEqual([line.sold, line.passesTooMany], [120, 0]);
  });
});

describe("the controller", () => {
  const share = fc.double({ min: 0.05, max: 1, noNaN: true });
  const count = fc.integer({ min: 0, max: 20_000 });

  test("calls no one while all free units are kept or wanted, and no more than the rate allows", () => {
    fc.assert(
      fc.property(count, count, share, fc.integer({ min: 1, max: 500 }), (spare, expected, cameShare, rate) => {
        const calls = callsOf({ spare, expected, cameShare, rate, sinceMs: 1_000 });
        assert.ok(Number.isInteger(calls) && calls >= 0);
        if (spare === 0) assert.equal(calls, 0);
        assert.ok((calls + expected) * cameShare <= spare + 1e-3 || calls === 0);
        assert.ok(calls <= Math.max(1, Math.round(rate / cameShare)));
      }),
      seeded(),
    );
  });

  test("calls a person if a unit is spare and no one is expected, whatever share comes", () => {
    fc.assert(
      fc.property(share, (cameShare) =>
        assert.ok(callsOf({ spare: 1, expected: 0, cameShare, rate: 1, sinceMs: 900 }) >= 1),
      ),
      seeded(),
    );
  });

  test("counts a size that is promised too often as no unit, and never against another size", () => {
    const free = new Map(Object.entries({ s: 2, m: 0 }));
    assert.equal(spareOf(free, new Map([["m", 5]])), 2);
    assert.equal(spareOf(free, new Map([["s", 1]]), new Map([["s", 3]])), 0);
  });

  test("halves the rate when orders are slow or too many, and gains a tenth a second when they are well", () => {
    const well = { rate: 40, startRate: 20, p99Ms: 12, overloaded: false, sinceMs: 1_000 };
    assert.equal(Math.round(nextRate(well)), 44);
    assert.equal(nextRate({ ...well, p99Ms: 51 }), 20);
    assert.equal(nextRate({ ...well, overloaded: true }), 20);
    assert.equal(nextRate({ ...well, rate: 1, overloaded: true }), 1);
    assert.equal(nextRate({ ...well, rate: 1_000 }), 200);
    assert.equal(Math.round(nextRate({ ...well, p99Ms: null })), 44);
  });

  test("believes a share only of enough people, and never less than a twentieth", () => {
    assert.equal(shareOf({ came: 0, called: 19 }, 0.7), 0.7);
    assert.equal(shareOf({ came: 0, called: 300 }, 0.7), 0.05);
    assert.equal(shareOf({ came: 150, called: 300 }, 0.7), 0.5);
  });

  const figures = fc.record({
    called: count,
    spare: count,
    held: count,
    expected: count,
    cameShare: share,
    unitsEach: fc.double({ min: 1, max: 4, noNaN: true }),
  });
  const alone = { called: 90, spare: 0, held: 0, expected: 0, cameShare: 1, unitsEach: 1 };

  test("tells a reach that ends at the last called place when all is gone, and whose ends are in order", () => {
    assert.deepEqual(reachOf({ ...alone, cameShare: 0.5 }), [90, 90]);
    fc.assert(
      fc.property(figures, (line) => {
        const [low, high] = reachOf(line);
        assert.ok(line.called <= low && low <= high);
      }),
      seeded(),
    );
  });

  test("tells no place that it is in reach of a unit that people who were called before have yet to take", () => {
    assert.deepEqual(reachOf({ ...alone, spare: 10, expected: 10 }), [90, 93]);
    assert.deepEqual(reachOf({ ...alone, spare: 10, expected: 4 }), [96, 99]);
    fc.assert(
      fc.property(figures, (line) => {
        const { called, spare, expected, cameShare, unitsEach } = line;
        const [low] = reachOf(line);
        const before = (expected + low - called) * cameShare;
        assert.ok(low === called || before * unitsEach <= spare + 1e-6);
      }),
      seeded(),
    );
  });

  test("tells the next place that there may be none left only if no unit is free but those that people before it may take", () => {
    fc.assert(
      fc.property(figures, (line) => {
        const [, high] = reachOf({ ...line, spare: line.spare + 1, expected: 0 });
        assert.ok(high > line.called);
      }),
      seeded(),
    );
  });

  test("tells no one whom the next turn calls that none may be left, if each order has one unit", () => {
    fc.assert(
      fc.property(figures, count, (line, rate) => {
        const [, high] = reachOf({ ...line, unitsEach: 1 });
        assert.ok(line.called + callsOf({ ...line, rate, sinceMs: 1_000 }) <= high);
      }),
      seeded(),
    );
  });
});

describe("passes that are asked for at once", () => {
  const asks: fc.Arbitrary<Ask[]> = fc.array(
    fc.record({ placeNo: fc.integer({ min: 1, max: 1_000 }), productId: fc.constantFrom("s", "m") }),
    { maxLength: 60 },
  );
  const units = fc.dictionary(fc.constantFrom("s", "m"), fc.integer({ min: 0, max: 30 }));

  test("are never more than the free units of their product less the kept ones (L3), nor than the rate allows", () => {
    fc.assert(
      fc.property(asks, units, units, fc.integer({ min: 0, max: 40 }), (asked, freeOf, keptOf, allowed) => {
        const free = new Map(Object.entries(freeOf));
        const kept = new Map(Object.entries(keptOf));
        const grants = grantsOf(asked, { free, kept, allowed });
        assert.ok(grants.filter((grant) => grant === "granted").length <= allowed);
        for (const product of ["s", "m"]) {
          const mine = asked.flatMap((ask, i) => (ask.productId === product ? [{ ...ask, grant: grants[i] }] : []));
          const granted = mine.filter(({ grant }) => grant === "granted");
          const spare = Math.max(0, (free.get(product) ?? 0) - (kept.get(product) ?? 0));
          assert.ok(granted.length <= spare);
          const last = Math.max(0, ...granted.map(({ placeNo }) => placeNo));
          const passedOver = mine.filter(({ grant, placeNo }) => grant !== "granted" && placeNo < last);
          assert.deepEqual(passedOver, [], "a place in front was passed over");
        }
      }),
      seeded(),
    );
  });

  test("follow the rate: what is not used is kept for two seconds at most", () => {
    assert.equal(refilled({ left: 0, rate: 10, sinceMs: 500 }), 5);
    assert.equal(refilled({ left: 8, rate: 10, sinceMs: 60_000 }), 20);
    assert.equal(refilled({ left: 3, rate: 10, sinceMs: -50 }), 3);
  });
});
