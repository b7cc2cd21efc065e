/** A short run of `npm run simulate`, the seeds that once found a bug, and the planted bugs. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { type Planted, plantedBugs } from "./planted.ts";
import plantedSeeds from "./planted-seeds.json" with { type: "json" };
import { runSchedule } from "./schedule.ts";
import { type Figures, runSchedules, seedsFrom } from "./schedules.ts";

/** Starts with another seed every day, so that a year of runs is not one run repeated. */
const firstSeed = 100_000 + Math.floor(Date.now() / 86_400_000) * 1_000;

describe("whatever fails and whichever process dies, no unit is lost and no buyer is charged without an order", () => {
  test("in schedules that were not run before", async (t) => {
    const figures = await runSchedules({ seeds: seedsFrom(firstSeed, 60) });
    assertHeld(figures);
    t.diagnostic(
      `${figures.schedules} schedules from seed ${firstSeed}, ${figures.steps} steps, ${figures.orders} orders`,
    );
  });

  test("in the schedules that once found a bug", async () => {
    const lines = (await readFile(new URL("./seeds.ndjson", import.meta.url), "utf8")).trim().split("\n");
    assertHeld(await runSchedules({ seeds: lines.map((line) => JSON.parse(line).seed) }));
  });
});

describe("every planted bug is caught", () => {
  const caughtBy = new Set<string>();
  for (const [bug, says] of Object.entries(plantedBugs)) {
    test(`planted: ${says}`, async (t) => {
      const planted = bug as Planted;
      const seed = plantedSeeds[planted];
      const { violation } = await runSchedule({ seed, planted });
      // After a change of the simulation another schedule may show the bug.
      assert.ok(violation, `seed ${seed} does not show it: npm run simulate -- --planted all finds others`);
      caughtBy.add(violation.about);
      t.diagnostic(`caught by "${violation.law}", seed ${seed}: ${violation.says}`);
    });
  }

  test("laws of every kind have caught a bug", () => {
    assert.deepEqual(caughtBy, new Set(["units", "money", "orders", "drops", "line", "rest"]));
  });
});

test("a seed repeats its schedule, step by step", async () => {
  const once = await runSchedule({ seed: 2970, keepTrace: true });
  const again = await runSchedule({ seed: 2970, keepTrace: true });
  assert.deepEqual(withoutIds(again.trace), withoutIds(once.trace));
  assert.equal(again.steps, once.steps);
});

function withoutIds(trace: readonly string[]): string[] {
  return trace.map((line) => line.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "an id"));
}

function assertHeld({ violations }: Figures): void {
  const says = violations.map(({ seed, law, says }) => `${law}: ${says}\n  npm run simulate -- --seed ${seed}`);
  assert.equal(violations.length, 0, says.join("\n"));
}
