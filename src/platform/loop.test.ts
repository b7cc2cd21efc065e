import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { type LoopOptions, startLoop } from "./loop.ts";

const hourMs = 3_600_000;

describe("a loop", () => {
  /** Counts its turns, each of which answers what `answer` says for its number. */
  function open(options: Omit<LoopOptions, "work" | "onFault">, answer: (turn: number) => boolean | undefined) {
    let turns = 0;
    async function work() {
      turns += 1;
      return answer(turns);
    }
    const loop = startLoop({ ...options, work, onFault: assert.fail });
    return { ...loop, turns: () => turns };
  }

  test("turns ever more rarely while it finds nothing", async () => {
    const resting = open({ everyMs: 1, restMs: hourMs }, () => false);
    const awake = open({ everyMs: 1, restMs: hourMs }, () => undefined);
    await until(() => awake.turns() >= 300);
    // Twenty pauses that double from a millisecond on are a quarter of an hour.
    assert.ok(resting.turns() < 20, `${resting.turns()} turns`);
    await Promise.all([resting.stop(), awake.stop()]);
  });

  test("turns as often as before once it has found something", async () => {
    const loop = open({ everyMs: 1, restMs: hourMs }, (turn) => (turn < 6 ? false : undefined));
    await until(() => loop.turns() >= 300);
    await loop.stop();
  });

  test("that rests is woken by a nudge", async () => {
    const loop = open({ everyMs: hourMs, restMs: 2 * hourMs }, () => false);
    await until(() => loop.turns() === 1);
    loop.nudge();
    await until(() => loop.turns() === 2);
    await loop.stop();
  });

  describe("with a mark", () => {
    let marks = 0;
    let state = "";
    async function mark() {
      marks += 1;
      return state;
    }
    async function untilMarked(times: number) {
      const from = marks;
      await until(() => marks >= from + times);
    }

    test("leaves turns out while the state is that of a turn that found nothing", async () => {
      state = "first";
      const loop = open({ everyMs: 1, mark, stillMs: hourMs }, () => false);
      await untilMarked(50);
      assert.equal(loop.turns(), 1);
      state = "second";
      await until(() => loop.turns() === 2);
      await untilMarked(50);
      assert.equal(loop.turns(), 2);
      await loop.stop();
    });

    test("turns although the state is the same, when nudged and when the time is over", async () => {
      const nudged = open({ everyMs: hourMs, mark, stillMs: hourMs }, () => false);
      await until(() => nudged.turns() === 1);
      nudged.nudge();
      await until(() => nudged.turns() === 2);
      const over = open({ everyMs: 1, mark, stillMs: 20 }, () => false);
      await until(() => over.turns() >= 3);
      await Promise.all([nudged.stop(), over.stop()]);
    });

    test("leaves out no turn after one that found something, or whose state is not known", async () => {
      const busy = open({ everyMs: 1, mark, stillMs: hourMs }, () => undefined);
      const unknown = open({ everyMs: 1, mark: () => Promise.reject(new Error("away")), stillMs: hourMs }, () => false);
      await until(() => busy.turns() >= 50 && unknown.turns() >= 50);
      await Promise.all([busy.stop(), unknown.stop()]);
    });

    test("looks again if the state changed during its look", async () => {
      state = "before";
      const loop = open({ everyMs: 1, mark, stillMs: hourMs }, (turn) => {
        if (turn === 1) state = "after";
        return false;
      });
      await until(() => loop.turns() === 2);
      await untilMarked(50);
      assert.equal(loop.turns(), 2);
      await loop.stop();
    });
  });

  test("gathers nudges after a turn, and loses none", async () => {
    const gathering = open({ everyMs: hourMs, gatherMs: hourMs }, () => undefined);
    const short = open({ everyMs: hourMs, gatherMs: 20 }, () => undefined);
    const busy = open({ everyMs: 1 }, () => {
      gathering.nudge();
      return undefined;
    });
    await until(() => busy.turns() >= 100);
    assert.equal(gathering.turns(), 1);
    short.nudge();
    await until(() => short.turns() === 2);
    await Promise.all([gathering, short, busy].map((loop) => loop.stop()));
  });
});
