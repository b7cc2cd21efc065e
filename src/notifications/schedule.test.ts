import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptsInAll, pauseBeforeNext, retryAfterMs } from "./schedule.ts";

const hourMs = 3_600_000;

test("attempts are 0 s, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h apart, each up to a tenth later", () => {
  const seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
  assert.equal(attemptsInAll, seconds.length + 1);
  for (const [i, pause] of seconds.entries()) {
    assert.equal(pauseBeforeNext(i + 1, 0), pause * 1_000);
    assert.equal(pauseBeforeNext(i + 1, 0.5), pause * 1_050);
  }
  assert.equal(pauseBeforeNext(attemptsInAll, 0), undefined);
});

test("a receiver that asks for a longer pause gets it, up to a day, and never a shorter one or more attempts", () => {
  assert.equal(pauseBeforeNext(1, 0, hourMs), hourMs);
  assert.equal(pauseBeforeNext(1, 0, 1_000), 5_000);
  assert.equal(pauseBeforeNext(1, 0, 1_000 * hourMs), 24 * hourMs);
  assert.equal(pauseBeforeNext(attemptsInAll, 0, hourMs), undefined);
});

test("Retry-After is a number of seconds or a date, and anything else asks for nothing", () => {
  const nowMs = Date.parse("2026-11-26T12:00:00Z");
  assert.equal(retryAfterMs("120", nowMs), 120_000);
  assert.equal(retryAfterMs("Thu, 26 Nov 2026 13:00:00 GMT", nowMs), hourMs);
  assert.equal(retryAfterMs("Thu, 26 Nov 2026 11:00:00 GMT", nowMs), 0);
  for (const header of [undefined, "", "-5", "soon", "1e9"]) assert.equal(retryAfterMs(header, nowMs), 0);
});
