import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { forEach } from "./at-once.ts";

test("many products are worked on at the same time, and no more than buyers can wait behind", async () => {
  let under = 0;
  let most = 0;
  const done: number[] = [];
  await forEach(new Array(100).keys(), async (product) => {
    under += 1;
    most = Math.max(most, under);
    await nextTurn();
    under -= 1;
    done.push(product);
  });
  assert.equal(done.length, 100);
  assert.ok(most > 1 && most <= 20, `${most} at once`);
});

test("after a fault no product begins any more, and it is thrown when none is under way", async () => {
  let under = 0;
  const begun: number[] = [];
  const working = forEach(new Array(100).keys(), async (product) => {
    begun.push(product);
    under += 1;
    for (let turn = 0; turn < product; turn += 1) await nextTurn();
    under -= 1;
    if (product % 2 === 0) throw new Error(`product ${product}`);
  });
  await assert.rejects(working, /^Error: product 0$/);
  assert.equal(under, 0);
  assert.deepEqual(begun, [...new Array(20).keys()]);
});
