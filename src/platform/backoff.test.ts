import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseAfter, randomPauseAfter } from "./backoff.ts";

const backoff = { firstMs: 50, longestMs: 2_000 };

test("pauses double from the first one and stop at the longest", () => {
  const pauses = [1, 2, 3, 6, 7, 2_000].map((failures) => pauseAfter(failures, backoff));
  assert.deepEqual(pauses, [50, 100, 200, 1_600, 2_000, 2_000]);
  assert.equal(pauseAfter(3, { firstMs: 100, longestMs: 5_000, factor: 3 }), 900);
});

test("a random pause is no longer than the one it stands for", () => {
  for (let failures = 1; failures < 20; failures += 1) {
    const pauseMs = randomPauseAfter(failures, backoff);
    assert.ok(pauseMs >= 0 && pauseMs <= pauseAfter(failures, backoff), `${pauseMs} after ${failures}`);
  }
});
