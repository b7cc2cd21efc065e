import assert from "node:assert/strict";
import { test } from "node:test";
import { createOnce } from "./once.ts";

test("work is done once for each key, and again only if it failed", async () => {
  const once = createOnce();
  const done: string[] = [];
  const fails = async () => {
    throw new Error("not now");
  };
  await assert.rejects(once("a", fails), /not now/);
  for (const key of ["a", "b", "a"]) await once(key, async () => void done.push(key));
  await once("b", fails);
  assert.deepEqual(done, ["a", "b"]);
});
