import assert from "node:assert/strict";
import { test } from "node:test";
import { isZone } from "#platform/zone";
import { instantsOf, offsetAt } from "./zones.ts";

const hourMs = 3_600_000;
const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "UTC"];

/** Every change of a zone's clocks between 2026 and 2030: the first millisecond of the new offset. */
function changesOf(zone: string): { at: number; before: number; after: number }[] {
  const found: { at: number; before: number; after: number }[] = [];
  const end = Date.UTC(2031, 0, 1);
  for (let day = Date.UTC(2026, 0, 1); day < end; day += 24 * hourMs) {
    const [before, after] = [offsetAt(day, zone), offsetAt(day + 24 * hourMs, zone)];
    if (before === after) continue;
    let [low, high] = [day, day + 24 * hourMs];
    while (high - low > 1_000) {
      const middle = Math.floor((low + high) / 2_000) * 1_000;
      if (offsetAt(middle, zone) === before) low = middle;
      else high = middle;
    }
    found.push({ at: high, before, after });
  }
  return found;
}

function wall(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

for (const zone of zones) {
  test(`around every change of the clocks in ${zone} a wall time names as many moments as clocks show it`, (t) => {
    const changes = changesOf(zone);
    for (const { at, before, after } of changes) {
      const [first, last] = [Math.min(before, after), Math.max(before, after)];
      // What lies between the two readings at the change is skipped, or shown twice.
      for (const shown of [at + first, at + last - 1_000]) {
        const expected = after > before ? [] : [shown - before, shown - after].toSorted((a, b) => a - b);
        assert.deepEqual(instantsOf(wall(shown), zone), expected, `${wall(shown)} in ${zone}`);
      }
      assert.deepEqual(instantsOf(wall(at + first - 1_000), zone), [at + first - 1_000 - before]);
      assert.deepEqual(instantsOf(wall(at + last), zone), [at + last - after]);
    }
    t.diagnostic(`${changes.length} changes`);
    assert.ok(changes.length === 0 || changes.length >= 10);
  });
}

test("minutes are enough, and what is no time of a calendar names nothing", () => {
  assert.deepEqual(instantsOf("2026-12-01T11:00", "Europe/Berlin"), [Date.UTC(2026, 11, 1, 10)]);
  for (const text of ["2026-02-30T11:00", "2026-12-01T24:00", "2026-12-01T11:60", "2026-12-01 11:00", "tomorrow", ""]) {
    assert.equal(instantsOf(text, "UTC"), undefined, text);
  }
  assert.deepEqual(["Europe/Berlin", "UTC", "Mars/Olympus", "+01:00", ""].filter(isZone), ["Europe/Berlin", "UTC"]);
});
