import assert from "node:assert/strict";
import { test } from "node:test";
import { createLatencies } from "./latencies.ts";

test("a percentile is within a tenth above the exact one, from a millisecond to half a minute", () => {
  const latencies = createLatencies();
  for (const scale of [1, 7.3, 250]) {
    for (let ms = 1; ms <= 100; ms += 1) latencies.add(ms * scale);
    const p99 = latencies.take(0.99) ?? 0;
    assert.ok(p99 >= 99 * scale && p99 <= 99 * scale * 1.1, `${p99} for ${99 * scale}`);
  }
});

test("without an answer there is none, and a percentile that was taken is not taken again", () => {
  const latencies = createLatencies();
  assert.equal(latencies.take(0.99), null);
  latencies.add(0);
  assert.ok((latencies.take(0.99) ?? 1) <= 0.125);
  latencies.add(1e9);
  assert.ok((latencies.take(0.99) ?? 0) > 20_000);
  assert.equal(latencies.take(0.99), null);
});
