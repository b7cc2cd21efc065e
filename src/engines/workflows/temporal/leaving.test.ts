import assert from "node:assert/strict";
import { test } from "node:test";
import { queryObjects } from "node:v8";
import { createLeaving } from "./leaving.ts";

const never = new Promise<never>(() => {});

class Outcome {}

test("nothing is kept of a step that ended, however long its worker lives", async () => {
  const leaving = createLeaving();
  for (let i = 0; i < 100; i += 1) {
    await leaving.unlessLeft(Promise.resolve(new Outcome()), new Promise<never>(() => {}), "confirm");
  }
  await new Promise(setImmediate);
  assert.equal(queryObjects(Outcome), 0);
  leaving.leaveAll(new Error("the worker closes"));
});

test("a step under way is left once it is cancelled, or once all are left, and so is one that begins then", async () => {
  const leaving = createLeaving();
  const cancelled = leaving.unlessLeft(never, Promise.reject(new Error("cancelled")), "confirm");
  await assert.rejects(cancelled, /step confirm was left alone/);
  const underWay = leaving.unlessLeft(never, never, "void");
  leaving.leaveAll(new Error("the worker closes"));
  for (const left of [underWay, leaving.unlessLeft(never, never, "end")]) {
    await assert.rejects(left, ({ cause }: Error) => (cause as Error).message === "the worker closes");
  }
});
