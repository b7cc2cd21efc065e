import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Batch } from "./batch-saga.ts";
import { createRuns } from "./runs.ts";

/** An engine whose runs end when the test says so. */
function openEngine({ smallRunsAtOnce = 2 } = {}) {
  const open: { orderIds: readonly string[]; end(error?: Error): Promise<void> }[] = [];
  const faults: unknown[] = [];
  let refuses = false;
  const runs = createRuns({
    onFault: (_what, error) => void faults.push(error),
    workflows: {
      smallRunsAtOnce,
      async start(_id: string, { orderIds }: Batch) {
        if (refuses) throw new Error("the engine is away");
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        open.push({
          orderIds,
          async end(error) {
            open.shift();
            if (error) reject(error);
            else resolve("ended");
            await turn();
          },
        });
        return { ended: () => promise };
      },
    },
  });
  return {
    runs,
    faults,
    inRuns: () => open.map(({ orderIds }) => [...orderIds]),
    endFirst: (error?: Error) => open[0]?.end(error),
    refuse: (does: boolean) => {
      refuses = does;
    },
    async add(...orderIds: string[]) {
      for (const orderId of orderIds) runs.add(orderId);
      await turn();
    },
  };
}

describe("orders that have something to do", () => {
  // However long the machine takes over a test, no run is slow.
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  for (const smallRunsAtOnce of [1, 2]) {
    describe(`on an engine for ${smallRunsAtOnce} small ${smallRunsAtOnce === 1 ? "run" : "runs"} at once`, () => {
      test("start at once, together if they come together, and wait for each other once so many are under way", async () => {
        const { add, inRuns, endFirst } = openEngine({ smallRunsAtOnce });
        const first = Array.from({ length: smallRunsAtOnce }, (_, i) => [`first of ${i}`, `second of ${i}`]);
        for (const orders of first) await add(...orders);
        await add("d");
        await add("e", "d");
        assert.deepEqual(inRuns(), first);
        await endFirst();
        assert.deepEqual(inRuns(), [...first.slice(1), ["d", "e"]]);
      });

      test("are at most 256 in a run, and one more run is under way if it is full", async () => {
        const { add, inRuns, endFirst } = openEngine({ smallRunsAtOnce });
        const lengths = () => inRuns().map(({ length }) => length);
        const full = (runs: number) => Array.from({ length: runs }, () => 256);
        await add(...Array.from({ length: (smallRunsAtOnce + 2) * 256 + 44 }, (_, i) => `order ${i}`));
        assert.deepEqual(lengths(), full(smallRunsAtOnce + 1));
        await endFirst();
        assert.deepEqual(lengths(), full(smallRunsAtOnce + 1));
        await endFirst();
        assert.deepEqual(lengths(), full(smallRunsAtOnce));
        await endFirst();
        assert.deepEqual(lengths(), [...full(smallRunsAtOnce - 1), 44]);
      });

      test("leave in one more run once the others take long, as with a slow provider", async () => {
        const { add, inRuns, endFirst } = openEngine({ smallRunsAtOnce });
        for (let i = 0; i < smallRunsAtOnce; i += 1) await add(`slow ${i}`);
        await add("next");
        mock.timers.tick(249);
        assert.equal(inRuns().length, smallRunsAtOnce);
        mock.timers.tick(1);
        assert.deepEqual(inRuns().at(-1), ["next"]);
        await add("last");
        mock.timers.tick(250);
        assert.equal(inRuns().length, smallRunsAtOnce + 1);
        await endFirst();
        assert.deepEqual(inRuns().at(-1), ["last"]);
      });
    });
  }

  test("are taken again if something happens while their run is under way, and not twice at a time", async () => {
    const { add, inRuns, endFirst } = openEngine();
    await add("a");
    await add("a", "a");
    assert.deepEqual(inRuns(), [["a"]]);
    await endFirst();
    assert.deepEqual(inRuns(), [["a"]]);
    await endFirst();
    assert.deepEqual(inRuns(), []);
  });

  test("are not taken again because a scan finds them while their run is under way", async () => {
    const { runs, inRuns, endFirst } = openEngine();
    runs.find("a");
    await turn();
    runs.find("a");
    await turn();
    assert.deepEqual(inRuns(), [["a"]]);
    await endFirst();
    assert.deepEqual(inRuns(), []);
    runs.find("a");
    await turn();
    assert.deepEqual(inRuns(), [["a"]]);
  });

  test("are left to the scans if their run cannot start or fails, and the runs after it go on", async () => {
    const { runs, faults, add, inRuns, endFirst, refuse } = openEngine();
    refuse(true);
    await add("a");
    assert.deepEqual([runs.areFailing, faults.length], [true, 1]);
    refuse(false);
    await add("b");
    assert.deepEqual(inRuns(), [["b"]]);
    await endFirst();
    assert.equal(runs.areFailing, false);
    await add("c");
    await endFirst(new Error("the run failed"));
    assert.deepEqual([runs.areFailing, faults.length], [true, 2]);
  });

  test("are forgotten once it stops", async () => {
    const { runs, add, inRuns } = openEngine();
    runs.stop();
    await add("a");
    assert.deepEqual(inRuns(), []);
  });
});
