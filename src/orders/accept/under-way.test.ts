import assert from "node:assert/strict";
import { test } from "node:test";
import { createUnderWay } from "./under-way.ts";

test("reservations wait until the append under way returns, also one that fails, and for no other", async () => {
  const underWay = createUnderWay(600_000);
  assert.equal(underWay.returned(), undefined);
  for (const end of ["resolve", "reject"] as const) {
    const append = Promise.withResolvers<unknown>();
    const appended = underWay.during(append.promise);
    const returned = underWay.returned();
    assert.equal(returned, underWay.returned());
    append[end](new Error("the log is down"));
    await returned;
    await appended.catch(() => {});
    assert.equal(underWay.returned(), undefined);
  }
});

test("a log that hangs holds reservations for a moment only", async () => {
  const underWay = createUnderWay(1);
  const append = Promise.withResolvers<void>();
  const appended = underWay.during(append.promise);
  await underWay.returned();
  await underWay.returned();
  append.resolve();
  await appended;
});
