/** The waiting page promises nothing that the line does not know. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Line, pauseMs, shownOf } from "../../web/room/view.ts";
import { languages, words } from "../../web/room/words.ts";

const line: Line = {
  state: "open",
  mode: "line",
  takesPlaces: true,
  freezesAt: "2026-12-01T09:59:30.000Z",
  places: 4_213,
  called: 512,
  rate: 4,
  free: 60,
  held: 54,
  reach: [800, 1_400],
  order: "drawn",
};
const mine = { place: 900 as number | null, called: false, offeredUntil: null, done: false };
function factsOf(over: Partial<Line>, place: number | null) {
  const { facts } = shownOf({ ...line, ...over }, { ...mine, place });
  return Object.fromEntries(facts.map(([label, ...value]) => [label, value]));
}
function saysOf(over: Partial<Line>, place: number) {
  return shownOf({ ...line, ...over }, { ...mine, place }).says.map(([key]) => key);
}

test("every sentence of the waiting page is there in each language, with the same values to fill in", () => {
  for (const [key, text] of Object.entries(words)) {
    const said = text.split("|");
    assert.equal(said.length, languages.length, key);
    const filled = said.map((sentence) => [...sentence.matchAll(/\{\w\}/g)].map(String).toSorted().join());
    assert.equal(new Set(filled).size, 1, key);
    assert.ok(
      said.every((sentence) => sentence.trim() !== ""),
      key,
    );
  }
});

test("a place is called as soon as the line has come to it, and not one place before", () => {
  assert.equal(shownOf(line, { ...mine, place: 512 }).act, "choose");
  assert.equal(shownOf(line, { ...mine, place: 513 }).act, undefined);
  assert.deepEqual(factsOf({}, 513).before, ["figure", 0]);
});

test("no wait is told if the line names no rate", () => {
  assert.ok("turnIn" in factsOf({}, 900));
  assert.ok(!("turnIn" in factsOf({ rate: null }, 900)));
});

test("no wait is told beyond reach, where the calls may end before", () => {
  assert.ok("turnIn" in factsOf({}, 1_400));
  assert.ok(!("turnIn" in factsOf({}, 1_401)));
});

test("pauses double with every answer that does not come, up to a minute, and are short again after one that does", () => {
  const about = (misses: number, isFar = false) => Math.round(pauseMs(1_000, misses, isFar) / 1_000 / 2 ** misses);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((misses) => about(misses)),
    [1, 1, 1, 1, 1, 1],
  );
  for (const misses of [6, 60]) {
    const pause = pauseMs(1_000, misses, true);
    assert.ok(pause >= 54_000 && pause <= 66_000, String(pause));
  }
  assert.ok(pauseMs(undefined, 0, false) < pauseMs(1_000, 0, true));
});

test("a wait is a range around what the rate says", () => {
  // 1,200 people before, four a second: five minutes.
  assert.deepEqual(factsOf({ called: 0 }, 1_201).turnIn, ["minutes", 3, 8]);
});

test("a person beyond reach is told so early, and keeps the place", () => {
  assert.deepEqual(saysOf({}, 700), ["reach"]);
  assert.deepEqual(saysOf({}, 1_000), ["close"]);
  assert.deepEqual(saysOf({}, 1_401), ["out"]);
  assert.equal(shownOf(line, { ...mine, place: 1_401 }).mayLeave, true);
});

test("in a line of offers a place beyond reach hears so, and one in reach that what comes back is offered", () => {
  assert.deepEqual(saysOf({ mode: "offers", rate: null }, 1_400), ["offers"]);
  assert.deepEqual(saysOf({ mode: "offers", rate: null }, 1_401), ["out"]);
});

test("before the draw no person has a place, and all hear when it is drawn", () => {
  const joining = { ...line, state: "joining", called: 0, order: null };
  assert.deepEqual(shownOf(joining, undefined).says[0], ["drawnAt", line.freezesAt]);
  const { big, label } = shownOf(joining, { ...mine, place: null });
  assert.deepEqual([big, label], [undefined, "youAreIn"]);
  assert.equal(shownOf({ ...joining, state: "drawing" }, { ...mine, place: null }).label, "drawing");
});

test("an offer says until when a unit is kept, and not what is free for others", () => {
  const offeredUntil = "2026-12-01T10:10:00.000Z";
  const shown = shownOf({ ...line, mode: "offers" }, { ...mine, place: 3, called: true, offeredUntil });
  assert.deepEqual([shown.says, shown.act, shown.facts], [[["until", offeredUntil]], "choose", []]);
});

test("a person who had their turn, or finds the line over or closed, is offered nothing", () => {
  for (const [over, who, label] of [
    [{ state: "ended" }, undefined, "over"],
    [{ state: "cancelled" }, mine, "over"],
    [{}, { ...mine, done: true }, "served"],
    [{ state: "none" }, undefined, "none"],
    [{ mode: "draw", takesPlaces: false }, undefined, "line"],
    [{ state: "upcoming", takesPlaces: false }, undefined, "line"],
  ] as const) {
    const shown = shownOf({ ...line, ...over }, who);
    assert.deepEqual([shown.label, shown.act], [label, undefined]);
  }
});
