/** Tests what every workflow engine promises. The tests of one group run at once, as runs do. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Story, Workflows } from "../workflows.ts";
import { type Act, contractStory, type Plot, type PlotSteps } from "./story.testing.ts";

/** One engine, whose runs survive when it is closed and opened again: a database, a server. */
export type WorkflowsEngine = {
  open(story: Story<Plot, PlotSteps>): Promise<Workflows<Plot>>;
  close(): Promise<void>;
};

const farMs = 3_600_000;
const patienceMs = 60_000;
/** Tries that outlast the seconds of a restart: their pauses add up to nine. */
const manyAttempts = 5;

export function workflowsContract(name: string, openEngine: () => Promise<WorkflowsEngine>): void {
  describe(`the workflows on ${name}`, { timeout: 5 * patienceMs }, () => {
    let engine: WorkflowsEngine;
    before(async () => {
      engine = await openEngine();
    });
    after(() => engine.close());

    describe("while they are open", { concurrency: true }, () => {
      const stage = createStage();
      let workflows: Workflows<Plot>;
      before(async () => {
        workflows = await engine.open(stage.story);
      });
      after(() => workflows.close());

      async function tell(run: string, acts: Act[], untilMs = Date.now() + farMs): Promise<string> {
        await workflows.start(run, { run, acts, untilMs });
        return end(workflows, run);
      }

      test("a run reaches its end", async () => {
        assert.equal(await tell("simple", ["first", "second"]), "first, second");
      });

      test("a start answers with the run's end, also if the run was started before", async () => {
        const plot: Plot = { run: "awaited", acts: ["first", "second"], untilMs: 0 };
        const [once, again] = [await workflows.start("awaited", plot), await workflows.start("awaited", plot)];
        assert.deepEqual([await once.ended(), await again.ended()], ["first, second", "first, second"]);
      });

      test("a run that is open or unknown has no outcome", async () => {
        await workflows.start("open", { run: "open", acts: ["wait"], untilMs: Date.now() + farMs });
        assert.equal(await workflows.outcome("open"), undefined);
        assert.equal(await workflows.outcome("unheard of"), undefined);
        await workflows.nudge("open");
        assert.equal(await end(workflows, "open"), "nudged");
      });

      test("H6: a run that is started ten times at once runs its steps once", async () => {
        const plot: Plot = { run: "tenfold", acts: ["first", "second"], untilMs: 0 };
        await Promise.all(Array.from({ length: 10 }, () => workflows.start("tenfold", plot)));
        assert.equal(await end(workflows, "tenfold"), "first, second");
        assert.deepEqual([stage.calls("tenfold", "first"), stage.calls("tenfold", "second")], [1, 1]);
      });

      test("H6: a run that is started again after it ended does nothing", async () => {
        await tell("over", ["first"]);
        assert.equal(await tell("over", ["second"]), "first");
        await tell("meanwhile", ["first"]);
        assert.deepEqual([stage.calls("over", "first"), stage.calls("over", "second")], [1, 0]);
      });

      test("a nudge wakes a run long before its deadline", async () => {
        await workflows.start("asleep", {
          run: "asleep",
          acts: ["first", "wait", "second"],
          untilMs: Date.now() + farMs,
        });
        await tell("passing time", ["first", "second"]);
        await workflows.nudge("asleep");
        assert.equal(await end(workflows, "asleep"), "first, nudged, second");
      });

      test("a nudge before the run waits is not lost", async () => {
        const step = Promise.withResolvers<string>();
        stage.play("early", "first", () => step.promise);
        await workflows.start("early", { run: "early", acts: ["first", "wait"], untilMs: Date.now() + farMs });
        await until(() => stage.calls("early", "first") === 1);
        await workflows.nudge("early");
        step.resolve("first");
        assert.equal(await end(workflows, "early"), "first, nudged");
      });

      test("a nudge to an unknown or ended run has no effect", async () => {
        await workflows.nudge("unknown");
        await tell("gone", ["first"]);
        await workflows.nudge("gone");
        assert.equal(await workflows.outcome("gone"), "first");
        assert.equal(stage.calls("gone", "first"), 1);
      });

      test("the deadline passes by itself", async () => {
        const untilMs = Date.now() + 700;
        assert.equal(await tell("late", ["wait"], untilMs), "deadline");
        assert.ok(Date.now() >= untilMs, "it did not wait for its deadline");
      });

      test("a deadline in the past has passed", async () => {
        assert.equal(await tell("too late", ["wait", "first"], 0), "deadline, first");
      });

      test("a step that fails is tried again", async () => {
        stage.play("flaky", "first", (attempt) => {
          if (attempt < 3) throw new Error("not yet");
          return `attempt ${attempt}`;
        });
        assert.equal(await tell("flaky", ["first", "second"]), "attempt 3, second");
      });

      test("O1: every step is repeated until it succeeds, and the story sees none of the failures", async () => {
        stage.play("patient", "first", (attempt) => (attempt > manyAttempts ? "at last" : fail()));
        assert.equal(await tell("patient", ["first", "second"]), "at last, second");
        assert.equal(stage.calls("patient", "first"), manyAttempts + 1);
      });

      test("a run whose story throws has failed, and its outcome says so", async () => {
        await assert.rejects(tell("broken", ["first", "throw"]), /broken/);
      });

      test("two hundred runs at once all end", async () => {
        const runs = Array.from({ length: 200 }, (_, i) => `one of many ${i}`);
        const ends = await Promise.all(runs.map((run) => tell(run, ["first", "second", "third"])));
        assert.deepEqual(new Set(ends), new Set(["first, second, third"]));
        assert.ok(runs.every((run) => stage.calls(run, "second") === 1));
      });
    });

    describe("after they were closed and opened again", () => {
      /** Runs the beginning of one run in one opening and its end in the next. */
      async function tellInTwo(plot: Plot, stage: Stage, begun: () => boolean, between: () => Promise<void>) {
        const before = await engine.open(stage.story);
        await before.start(plot.run, plot);
        await until(begun);
        await before.close();
        await between();
        return engine.open(stage.story);
      }

      test("a run goes on waiting and gets a nudge, and finished steps are not run again", async () => {
        const stage = createStage();
        const plot: Plot = { run: "paused", acts: ["first", "wait", "second"], untilMs: Date.now() + farMs };
        const begun = () => stage.calls("paused", "first") === 1;
        const workflows = await tellInTwo(plot, stage, begun, async () => {});
        assert.equal(await workflows.outcome("paused"), undefined);
        await workflows.nudge("paused");
        assert.equal(await end(workflows, "paused"), "first, nudged, second");
        assert.deepEqual([stage.calls("paused", "first"), stage.calls("paused", "second")], [1, 1]);
        await workflows.close();
      });

      test("a deadline that passed in between has passed, and does not start again", async () => {
        const stage = createStage();
        const plot: Plot = { run: "overslept", acts: ["first", "wait"], untilMs: Date.now() + 2_000 };
        const begun = () => stage.calls("overslept", "first") === 1;
        const workflows = await tellInTwo(plot, stage, begun, () => until(() => Date.now() > plot.untilMs));
        assert.equal(await end(workflows, "overslept"), "first, deadline");
        await workflows.close();
      });

      test("a run goes on with its interrupted step, and the story does not see the interruption", async () => {
        const stage = createStage();
        const plot: Plot = { run: "cut off", acts: ["first", "second"], untilMs: 0 };
        stage.play("cut off", "second", fail);
        const begun = () => stage.calls("cut off", "second") === 1;
        const workflows = await tellInTwo(plot, stage, begun, async () =>
          stage.play("cut off", "second", () => "healed"),
        );
        assert.equal(await end(workflows, "cut off"), "first, healed");
        assert.equal(stage.calls("cut off", "first"), 1);
        await workflows.close();
      });

      test("starting a run again leaves it as it is", async () => {
        const stage = createStage();
        const workflows = await engine.open(stage.story);
        await workflows.start("overslept", { run: "overslept", acts: ["second"], untilMs: 0 });
        assert.equal(await end(workflows, "overslept"), "first, deadline");
        assert.equal(stage.calls("overslept", "second"), 0);
        await workflows.close();
      });
    });
  });
}

type Playing = (attempt: number) => string | Promise<string>;
export type Stage = ReturnType<typeof createStage>;

/** Steps that count their calls and act as the test says for each run; by default they return their name. */
function createStage() {
  const counts = new Map<string, number>();
  const plays = new Map<string, Playing>();
  const keyOf = (run: string, step: keyof PlotSteps) => `${run} / ${step}`;

  function actor(step: keyof PlotSteps) {
    return async (run: string) => {
      const key = keyOf(run, step);
      const attempt = (counts.get(key) ?? 0) + 1;
      counts.set(key, attempt);
      return plays.get(key)?.(attempt) ?? step;
    };
  }

  const story: Story<Plot, PlotSteps> = {
    name: "contractStory",
    tell: contractStory,
    steps: { first: actor("first"), second: actor("second"), third: actor("third") },
  };
  return {
    story,
    calls: (run: string, step: keyof PlotSteps) => counts.get(keyOf(run, step)) ?? 0,
    play: (run: string, step: keyof PlotSteps, playing: Playing) => void plays.set(keyOf(run, step), playing),
  };
}

function fail(): never {
  throw new Error("the step fails, as the test wants it to");
}

/** @throws the error of the outcome, or if the run has not ended in time. */
export async function end(workflows: Workflows<Plot>, run: string): Promise<string> {
  let outcome: string | undefined;
  await until(async () => {
    outcome = await workflows.outcome(run);
    return outcome !== undefined;
  });
  return outcome as string;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const givenUpAt = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > givenUpAt) throw new Error(`waited ${patienceMs} ms in vain for ${condition}`);
    await sleep(10);
  }
}
