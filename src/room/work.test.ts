import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { solveWork } from "../../packages/client/src/solve.ts";
import { createChallenges } from "../identity/tokens/challenges.ts";
import { bitsFor, challengeLivesMs, isSolved, solvedAtMs } from "./work.ts";

const challenges = createChallenges("a secret for tests that has more than 32 bytes");
const nowMs = 1_800_000_000_000;
const ada = { dropId: "lamps", userId: "ada" };

function challengeOf(change: object = {}): string {
  return challenges.sign({ ...ada, bits: 8, issuedAtMs: nowMs, ...change });
}

test("the work doubles when twice as many people join, between a little and a bounded much", () => {
  assert.deepEqual([0, 10, 20, 40, 1_000, 2_560, 1e9].map(bitsFor), [12, 12, 13, 14, 19, 20, 20]);
});

test("a text is solved if its hash begins with so many zero bits, as another reading of the hash says", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (text, bits) => {
      const binary = BigInt(`0x${createHash("sha256").update(text).digest("hex")}`)
        .toString(2)
        .padStart(256, "0");
      assert.equal(isSolved(text, bits), binary.startsWith("0".repeat(bits)));
    }),
  );
});

test("the solver's own hash finds a number for a challenge of any length", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), async (challenge) => {
      const solution = await solveWork(challenge, 6);
      assert.ok(solution.startsWith(`${challenge}:`) && isSolved(solution, 6), solution);
    }),
    { numRuns: 60 },
  );
});

test("a solution is that of one person for one drop, within the time of its challenge", async () => {
  const solution = await solveWork(challengeOf(), 8);
  const at = (change: object, laterMs = 0) => solvedAtMs(solution, { ...ada, ...change }, challenges, nowMs + laterMs);
  assert.equal(at({}), nowMs);
  assert.equal(at({}, challengeLivesMs), nowMs);
  assert.equal(at({}, challengeLivesMs + 1), undefined);
  assert.equal(at({}, -1), undefined);
  assert.equal(at({ userId: "eve" }), undefined);
  assert.equal(at({ dropId: "vases" }), undefined);
});

test("a solution of a challenge that was made up, made easier or not solved counts nothing", async () => {
  const easier = await solveWork(
    challengeOf({ bits: 1 }).replace(/^[^.]+/, challengeOf({ bits: 8 }).split(".")[0] ?? ""),
    8,
  );
  assert.equal(solvedAtMs(easier, ada, challenges, nowMs), undefined);
  const others = createChallenges("another secret of another shop, also long enough");
  const foreign = await solveWork(others.sign({ ...ada, bits: 8, issuedAtMs: nowMs }), 8);
  assert.equal(solvedAtMs(foreign, ada, challenges, nowMs), undefined);
  const challenge = challengeOf({ bits: 20 });
  const wrong = [0, 1, 2, 3].map((number) => `${challenge}:${number}`).filter((text) => !isSolved(text, 20));
  for (const text of wrong) assert.equal(solvedAtMs(text, ada, challenges, nowMs), undefined);
  assert.equal(solvedAtMs("no challenge:1", ada, challenges, nowMs), undefined);
});
