import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "#platform/problems";
import { defaultEntry, type EntryFields, fittingEntry, isFrozen } from "./entry.ts";

const opensMs = 1_000_000;
const drop = {
  ...defaultEntry,
  entry: "line",
  prequeueAt: new Date(opensMs - 300_000),
  freezeLeadSeconds: 30,
  opensAt: new Date(opensMs),
} as EntryFields & { opensAt: Date };

function refusal(change: Partial<typeof drop>): string | undefined {
  try {
    fittingEntry({ ...drop, ...change });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Problem);
    return error.message;
  }
}

test("a line may begin before the opening or with it, and a draw is among those who came before its freeze", () => {
  assert.equal(refusal({}), undefined);
  assert.equal(refusal({ prequeueAt: null }), undefined);
  assert.equal(refusal({ entry: "draw" }), undefined);
  assert.equal(refusal({ entry: "open", prequeueAt: null }), undefined);
  assert.match(refusal({ entry: "open" }) ?? "", /no line before its opening/);
  assert.match(refusal({ entry: "draw", prequeueAt: null }) ?? "", /joined before/);
  assert.equal(refusal({ prequeueAt: new Date(opensMs - 1) }), undefined);
  assert.match(refusal({ prequeueAt: new Date(opensMs) }) ?? "", /begins before the drop opens/);
  assert.match(refusal({ entry: "draw", prequeueAt: new Date(opensMs - 30_000) }) ?? "", /before it is frozen/);
  assert.equal(refusal({ entry: "draw", prequeueAt: new Date(opensMs - 30_001) }), undefined);
});

test("the opening may move until a second before the freeze, and to a moment whose freeze is as far away", () => {
  const later = { ...drop, opensAt: new Date(opensMs + 600_000) };
  assert.equal(isFrozen(drop, later, opensMs - 31_001), false);
  assert.equal(isFrozen(drop, later, opensMs - 31_000), true);
  const sooner = { ...drop, opensAt: new Date(opensMs - 100_000) };
  assert.equal(isFrozen(drop, sooner, opensMs - 131_001), false);
  assert.equal(isFrozen(drop, sooner, opensMs - 131_000), true);
});

test("the terms of joining stay from the moment at which people may join, and the others may change", () => {
  const joinsMs = opensMs - 300_000;
  const changes: Partial<EntryFields>[] = [
    { entry: "draw" },
    { prequeueAt: new Date(joinsMs + 1) },
    { freezeLeadSeconds: 31 },
    { verifiedOnly: true },
    { beacon: "drand" },
  ];
  for (const change of changes) {
    const says = JSON.stringify(change);
    assert.equal(isFrozen(drop, { ...drop, ...change }, joinsMs - 1), false, says);
    assert.equal(isFrozen(drop, { ...drop, ...change }, joinsMs), true, says);
  }
  const open = { ...drop, entry: "open", prequeueAt: null } as const;
  assert.equal(isFrozen(open, { ...open, entry: "line" }, opensMs - 30_001), false);
  assert.equal(isFrozen(open, { ...open, entry: "line" }, opensMs - 30_000), true);
  assert.equal(isFrozen(drop, { ...drop, admitPerSecond: 5, listAfterSoldOut: true }, opensMs + 1), false);
});
