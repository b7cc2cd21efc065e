import assert from "node:assert/strict";
import { it } from "node:test";
import { systemClock } from "./clock.ts";

it("a sleep ends with the reason of its signal as soon as that aborts", async () => {
  const reason = new Error("stopping");
  const controller = new AbortController();
  const asleep = systemClock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(asleep, reason);
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(reason)), reason);
  await systemClock.sleep(1);
});
