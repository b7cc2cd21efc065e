import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { elapsedMs } from "./clock.ts";
import { type ClockStep, createSharedClock } from "./shared-clock.ts";

/** Clocks that the test sets: each shows its time of day and advances by itself. */
function clocks() {
  const day = Date.UTC(2026, 10, 27);
  const set = { machine: day, database: day + 400 };
  const steps: ClockStep[] = [];
  const clock = createSharedClock({
    readMs: async () => set.database + elapsedMs(),
    machineMs: () => set.machine + elapsedMs(),
    onStep: (step) => steps.push(step),
  });
  const isNear = (wantedMs: number) => isBetween(clock.nowMs, () => wantedMs + elapsedMs());
  return { set, steps, clock, isNear };
}

describe("O28: the clock that all processes share", () => {
  test("shows the database's time, whatever this machine's clock says", async () => {
    const { set, clock, isNear } = clocks();
    assert.ok(isNear(set.machine));
    await clock.look();
    assert.ok(isNear(set.database));
    set.machine -= 120_000;
    assert.ok(isNear(set.database));
  });

  test("reports which clock was set, and by how much", async () => {
    const { set, steps, clock, isNear } = clocks();
    await clock.look();
    set.machine -= 120_000;
    await clock.look();
    set.database += 3_600_000;
    await clock.look();
    await clock.look();
    assert.deepEqual(
      steps.map(({ clock, byMs }) => [clock, Math.round(byMs / 1_000)]),
      [
        ["this machine", -120],
        ["the database", 3_600],
      ],
    );
    assert.ok(isNear(set.database));
  });

  test("ignores corrections by a time server, and goes on while the database does not answer", async () => {
    const { set, steps, clock, isNear } = clocks();
    await clock.look();
    set.database += 300;
    set.machine -= 300;
    await clock.look();
    assert.deepEqual(steps, []);
    assert.ok(isNear(set.database));
    const silent = createSharedClock({ readMs: () => Promise.reject(new Error("away")), onStep() {} });
    await assert.rejects(silent.look(), /away/);
    assert.ok(isBetween(silent.nowMs, Date.now));
  });
});

/** Whether `nowMs` shows what `wantedMs` shows, by 200 ms; this thread may be halted for longer between two readings. */
function isBetween(nowMs: () => number, wantedMs: () => number): boolean {
  const [earliest, shown, latest] = [wantedMs(), nowMs(), wantedMs()];
  return shown > earliest - 200 && shown < latest + 200;
}
