/** The console says in plain words what a line does, and what an empty one means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { roomPhases } from "../../src/room/wire.ts";
import { emptyNote, stateWords } from "../../web/console/line-note.ts";

const empty = { state: "open", mode: "draw", frozenSize: 0 } as const;

test("an empty draw is said to sell nothing, with what to do; an empty line goes on by arrival", () => {
  assert.match(emptyNote(empty) ?? "", /sells nothing. End it, and plan another drop/);
  assert.match(emptyNote({ ...empty, mode: "line" }) ?? "", /in the order in which they come/);
});

test("a line that people joined, one for returns, one before its freeze and one that is over have no such note", () => {
  const others = [{ frozenSize: 3 }, { mode: "offers" }, { frozenSize: null }, { state: "ended" }] as const;
  for (const change of others) assert.equal(emptyNote({ ...empty, ...change }), undefined);
});

test("a line is being drawn while its order is not known; from then on it waits for the opening, an empty one too", () => {
  assert.equal(stateWords({ state: "drawing", order: null }), "Being drawn");
  for (const order of ["drawn", "arrival"])
    assert.equal(stateWords({ state: "drawing", order }), "Waits for the opening");
});

test("every other state of a line has words of its own, whether or not its order is known", () => {
  const others = roomPhases.filter((state) => state !== "drawing");
  const words = others.map((state) => stateWords({ state, order: null }));
  assert.equal(new Set(words).size, others.length);
  assert.deepEqual(
    words,
    others.map((state) => stateWords({ state, order: "arrival" })),
  );
});
