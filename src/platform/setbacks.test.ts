import assert from "node:assert/strict";
import { test } from "node:test";
import { createSetbacks } from "./setbacks.ts";

async function fail(): Promise<void> {
  throw new Error("never");
}

test("an item that failed waits until a try of it succeeds, and its fault is thrown", async () => {
  const setbacks = createSetbacks();
  await assert.rejects(setbacks.attempt("bad", fail), /never/);
  assert.equal(await setbacks.attempt("good", async () => 1), 1);
  assert.deepEqual(setbacks.waiting(), ["bad"]);
  await setbacks.attempt("bad", async () => {});
  assert.deepEqual(setbacks.waiting(), []);
});
