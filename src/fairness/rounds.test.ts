import assert from "node:assert/strict";
import { test } from "node:test";
import { decidingRound, promisedRoundOf, quicknet, roundAt, timeOfRound } from "./rounds.ts";

test("a round has one time, and a time has the first round at or after it", () => {
  assert.equal(timeOfRound(quicknet, 1), quicknet.genesisMs);
  for (const round of [1, 2, 1_000, 657_413, 30_000_000]) {
    const ms = timeOfRound(quicknet, round);
    assert.deepEqual(
      [ms - 1, ms, ms + 1].map((one) => roundAt(quicknet, one)),
      [round, round, round + 1],
    );
  }
  assert.equal(roundAt(quicknet, 0), 1);
});

test("the promised round comes from ten seconds before the opening on, and a root that is late takes a later one", () => {
  const promisedRound = promisedRoundOf(quicknet, timeOfRound(quicknet, 1_000) + 10_000);
  assert.equal(promisedRound, 1_000);
  const latestMs = timeOfRound(quicknet, 1_000) - 3_000;
  assert.equal(decidingRound(quicknet, { promisedRound, atMs: latestMs }), 1_000);
  const lateMs = latestMs + 1;
  const deciding = decidingRound(quicknet, { promisedRound, atMs: lateMs });
  assert.ok(timeOfRound(quicknet, deciding) >= lateMs + 6_000 && timeOfRound(quicknet, deciding - 1) < lateMs + 6_000);
});
