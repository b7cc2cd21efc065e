import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createBoard } from "./board.ts";

test("a part that does not answer is not asked again each second, keeps its value, and goes on once it answers", async () => {
  const asked: PromiseWithResolvers<number>[] = [];
  const faults: string[] = [];
  const board = createBoard({
    orders: {
      pulse: { read: async () => [] },
      lag() {
        const asking = Promise.withResolvers<number>();
        asked.push(asking);
        return asking.promise;
      },
    },
    drops: { list: async () => [], units: async () => new Map() },
    inventory: { agreement: { mode: { read: async () => ({ mode: "gatekeeper", ready: true }) } } },
    now: Date.now,
    onFault: (what: string) => faults.push(what),
  } as unknown as Parameters<typeof createBoard>[0]);
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
