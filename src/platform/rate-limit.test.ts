import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seeded } from "../../test/support/seeded.ts";
import { allowanceHeader, createRateLimit, policyHeader } from "./rate-limit.ts";

const perMinute = { name: "person", limit: 6, windowMs: 60_000 };

function onClock(policy = perMinute) {
  let nowMs = 5_000;
  const rate = createRateLimit(policy, () => nowMs);
  function pass(ms: number): void {
    nowMs += ms;
  }
  return { ...rate, pass };
}

describe("a rate limit", () => {
  test("lets a person spend the whole allowance at once, and one more after each share of the window", () => {
    const { take, pass } = onClock();
    for (let remaining = 5; remaining >= 0; remaining -= 1) assert.equal(take("ada").remaining, remaining);
    assert.deepEqual(take("ada"), { ok: false, remaining: 0, resetMs: 60_000, waitMs: 10_000 });
    pass(9_999);
    assert.equal(take("ada").ok, false);
    pass(1);
    assert.equal(take("ada").ok, true);
    assert.equal(take("ada").ok, false);
  });

  test("does not count refused requests, and counts each person separately", () => {
    const { take, pass } = onClock();
    for (let count = 0; count < 100; count += 1) take("ada");
    assert.equal(take("bob").remaining, 5);
    pass(60_000);
    assert.equal(take("ada").remaining, 5);
  });

  test("in any period lets no more pass than the allowance and the share that came back in it", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("ada", "bob"), fc.nat(40_000)), { maxLength: 200 });
    const policies = fc.record({
      limit: fc.integer({ min: 1, max: 70 }),
      windowMs: fc.integer({ min: 1, max: 60_000 }),
    });
    fc.assert(
      fc.property(steps, policies, (walk, policy) => {
        const { take, pass } = onClock({ name: "x", ...policy });
        const passed: Record<string, number[]> = { ada: [], bob: [] };
        let nowMs = 0;
        for (const [key, ms] of walk) {
          pass(ms);
          nowMs += ms;
          if (take(key).ok) passed[key]?.push(nowMs);
        }
        for (const times of Object.values(passed)) {
          for (const [i, since] of times.entries()) {
            for (const [j, until] of times.slice(i).entries()) {
              const back = ((until - since) / policy.windowMs) * policy.limit;
              assert.ok(j + 1 <= policy.limit + back + 1e-3, `${j + 1} within ${until - since} ms of ${policy.limit}`);
            }
          }
        }
      }),
      seeded(),
    );
  });

  test("keeps each person's limit beside a hundred thousand others, in tables that do not grow", () => {
    const { take } = onClock({ name: "person", limit: 600, windowMs: 60_000 });
    for (let count = 0; count < 600; count += 1) assert.equal(take("ada").ok, true);
    for (let i = 0; i < 100_000; i += 1) assert.equal(take(`other-${i}`).ok, true);
    assert.equal(take("ada").ok, false);
    assert.ok(take("zoe").remaining > 580);
  });

  test("says in structured fields what is allowed and what is left", () => {
    const { take } = onClock();
    assert.equal(policyHeader(perMinute), '"person";q=6;w=60');
    assert.equal(allowanceHeader(perMinute, take("ada")), '"person";r=5;t=10');
  });
});
