import assert from "node:assert/strict";
import { test } from "node:test";
import { mayFollow } from "./may-follow.testing.ts";
import { isFinal, isUndecided, type Step, transition, undecidedReason } from "./state.ts";
import { statuses } from "./wire.ts";

const steps: readonly Step[] = [
  ...(["confirm", "fail", "cancel", "lapse"] as const),
  ...(["restore", "fail_undecided", "cancel_undecided", "refund"] as const),
];

test("O4: only a refund leads out of a final state", () => {
  for (const step of steps) {
    const { from, to } = transition(step);
    for (const status of from) {
      assert.ok(!isFinal(status) || step === "refund", `${step} leads from ${status} to ${to}`);
      assert.ok(mayFollow(status, to), `${step} leads from ${status} to ${to}`);
    }
  }
});

test("O4: only the refund of a confirmed order may follow a final state", () => {
  const pairs = statuses.filter(isFinal).flatMap((before) => statuses.map((after) => [before, after] as const));
  const followed = pairs.filter(([before, after]) => before !== after && mayFollow(before, after));
  assert.deepEqual(followed, [["CONFIRMED", "REFUNDED"]]);
});

test("O4: an order whose payment is undecided has given its units back once, and is not final", () => {
  const order = { status: transition("lapse").to, reason: undecidedReason };
  assert.ok(isUndecided(order) && !isFinal(order.status));
  for (const step of steps.filter((step) => transition(step).whileUndecided)) {
    assert.equal(transition(step).outcome, undefined, `${step} gives its units back again`);
  }
});
