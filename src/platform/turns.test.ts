import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "./turns.ts";

test("no more work runs at once than there are turns, and work runs in the order in which it came", async () => {
  const turns = createTurns(2);
  const begun: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
  const done = ends.map(({ promise }, i) =>
    turns(() => {
      begun.push(i);
      return promise;
    }),
  );
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.resolve(1);
  await done[1];
  assert.deepEqual(begun, [0, 1, 2]);
  for (const [i, { resolve }] of ends.entries()) resolve(i);
  assert.deepEqual(await Promise.all(done), [0, 1, 2, 3]);
  assert.deepEqual(begun, [0, 1, 2, 3]);
});

test("work that fails passes its turn to the next", async () => {
  const turns = createTurns(1);
  const failed = turns(() => Promise.reject(new Error("broken")));
  const next = turns(async () => "runs");
  await assert.rejects(failed, /broken/);
  assert.equal(await next, "runs");
});
