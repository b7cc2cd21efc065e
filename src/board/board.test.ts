import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createBoard } from "./board.ts";

const quiet = {
  drops: { list: async () => [], units: async () => new Map() },
  inventory: { agreement: { mode: { read: async () => ({ mode: "gatekeeper", ready: true }) } } },
  now: Date.now,
};

function boardOf(parts: object): ReturnType<typeof createBoard> {
  return createBoard({ ...quiet, ...parts } as unknown as Parameters<typeof createBoard>[0]);
}

test("the orders of a second in which the board did not look are in its next look", async () => {
  const span = (number: number, accepted: number) => ({ number, accepted, spanMs: 1_000, refused: {}, p99Ms: 2 });
  const beats = [span(1, 5), span(2, 80), span(3, 0)].map((latest, at, all) => ({
    ...latest,
    process: "a",
    ageMs: 10,
    earlier: all.slice(0, at).toReversed(),
  }));
  let latest = 0;
  const board = boardOf({ orders: { pulse: { read: async () => [beats[latest]] }, lag: async () => 0 } });
  const first = await board.read();
  latest = 2;
  await sleep(950);
  const second = await board.read();
  assert.deepEqual(
    [first, second].map(({ orders }) => orders.acceptsPerSecond),
    [5, 40],
  );
});

test("a part that does not answer is not asked again each second, keeps its value, and goes on once it answers", async () => {
  const asked: PromiseWithResolvers<number>[] = [];
  const faults: string[] = [];
  const board = boardOf({
    orders: {
      pulse: { read: async () => [] },
      lag() {
        const asking = Promise.withResolvers<number>();
        asked.push(asking);
        return asking.promise;
      },
    },
    onFault: (what: string) => faults.push(what),
  });
  const readings = [];
  for (let i = 0; i < 4; i += 1) {
    readings.push(board.read());
    await sleep(950);
  }
  const views = await Promise.all(readings);
  assert.deepEqual([asked.length, faults], [1, ["the board's lag"]]);
  assert.ok(views.every(({ lag, mode }) => lag.at === null && mode.ready));
  asked[0]?.resolve(3);
  await sleep(0);
  const now = board.read();
  asked[1]?.resolve(5);
  assert.equal((await now).lag.records, 5);
});
