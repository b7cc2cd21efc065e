import assert from "node:assert/strict";
import { test } from "node:test";
import { createBatcher, QueueFull } from "./batch.ts";

test("items that come while a batch is under way leave together as the next one", async () => {
  const batches: number[][] = [];
  const batcher = createBatcher<number, number>({
    maxBatch: 3,
    maxWaiting: 10,
    async run(items) {
      batches.push(items);
      return items.map((item) => item * 2);
    },
  });
  const first = batcher.add(1);
  const answers = await Promise.all([first, first.then(() => batcher.add(2)), ...[3, 4, 5].map(batcher.add)]);
  assert.deepEqual(answers, [2, 4, 6, 8, 10]);
  assert.deepEqual(batches[0], [1, 3, 4]);
});

test("an item that fails its batch fails alone, and the next batch does not wait for it", async () => {
  const waits = Promise.withResolvers<void>();
  const batcher = createBatcher<string, string>({
    maxBatch: 3,
    maxWaiting: 10,
    async run(items) {
      if (items.length > 1 && items.includes("bad")) throw new Error("one of you");
      if (items.includes("bad")) {
        await waits.promise;
        throw new Error("this one");
      }
      return items.map((item) => `${item} done`);
    },
    mayBeOnesFault: (error) => error instanceof Error && error.message === "one of you",
  });
  const bad = batcher.add("bad");
  assert.deepEqual(await Promise.all([batcher.add("good"), batcher.add("fine")]), ["good done", "fine done"]);
  assert.equal(await batcher.add("next"), "next done");
  const isIdle = batcher.idle();
  waits.resolve();
  await assert.rejects(bad, /this one/);
  await isIdle;
});

test("an error that is the fault of no item goes to all of the batch", async () => {
  let runs = 0;
  const batcher = createBatcher<string, string>({
    maxBatch: 3,
    maxWaiting: 3,
    async run() {
      runs += 1;
      throw new Error("the database is away");
    },
    mayBeOnesFault: () => false,
  });
  const added = ["a", "b", "c"].map(batcher.add);
  await assert.rejects(batcher.add("d"), QueueFull);
  for (const one of added) await assert.rejects(one, /away/);
  assert.equal(runs, 1);
});

test("a batch is put together when its turn comes", async () => {
  const turn = Promise.withResolvers<void>();
  const batches: number[][] = [];
  const batcher = createBatcher<number, number>({
    maxBatch: 3,
    maxWaiting: 10,
    async run(items) {
      batches.push(items);
      return items;
    },
    turn: () => turn.promise,
  });
  const first = batcher.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = batcher.add(2);
  turn.resolve();
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  assert.deepEqual(batches, [[1, 2]]);
});
