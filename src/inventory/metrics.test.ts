import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "#platform/metrics";
import { declareAgreement } from "./metrics.ts";

test("a process that does not compare gate and books tells no time of a comparison, so its start hides none that is overdue", async () => {
  const name = "dropgate_reconcile_latest_timestamp_seconds";
  const lineOf = async (isScheduled: boolean) => {
    const metrics = createMetrics();
    const reconciliation = { latest: () => undefined, isScheduled: () => isScheduled };
    declareAgreement(metrics, { mode: { current: () => "gatekeeper" }, reconciliation }, 5_000);
    return (await metrics.render()).split("\n").filter((line) => line.startsWith(name));
  };
  assert.deepEqual(await lineOf(true), [`${name} 5`]);
  assert.deepEqual(await lineOf(false), []);
});
