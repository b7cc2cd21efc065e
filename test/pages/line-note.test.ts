/** The console says in plain words what an empty line means, and says nothing of any other one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyNote } from "../../web/console/line-note.ts";

const empty = { state: "open", mode: "draw", frozenSize: 0 } as const;

test("an empty draw is said to sell nothing, with what to do; an empty line goes on by arrival", () => {
  assert.match(emptyNote(empty) ?? "", /sells nothing. End it, and plan another drop/);
  assert.match(emptyNote({ ...empty, mode: "line" }) ?? "", /in the order in which they come/);
});

test("a line that people joined, one for returns, one before its freeze and one that is over have no such note", () => {
  const others = [{ frozenSize: 3 }, { mode: "offers" }, { frozenSize: null }, { state: "ended" }] as const;
  for (const change of others) assert.equal(emptyNote({ ...empty, ...change }), undefined);
});
