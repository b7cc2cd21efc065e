import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { INTERNAL_QUEUE_NAME } from "@dbos-inc/dbos-sdk/internal/utils";
import { wfQueueRunner } from "@dbos-inc/dbos-sdk/internal/wfqueue";
import { workflowTimeoutConfig } from "@dbos-inc/dbos-sdk/internal/workflow_management";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { type ChildPlot, recordingStory } from "../contract/recording.testing.ts";
import type { Act, Plot } from "../contract/story.testing.ts";
import { end, until, workflowsContract } from "../contract/workflows.testing.ts";
import { notedIn } from "./dbos.child.ts";
import { openDbosWorkflows, signalTimer } from "./dbos.ts";

const farMs = 3_600_000;
const log = createLog({ level: "silent" });

workflowsContract("DBOS", async () => {
  const database = await openTestDatabase();
  return {
    open: (story) => openDbosWorkflows({ url: database.url, story, log }),
    close: () => database.close(),
  };
});

describe("DBOS itself", { timeout: 180_000 }, () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await database.sql.query(
      "create table call (n bigint generated always as identity, run text, step text, teller text)",
    );
  });
  after(() => database.close());

  async function open(t: TestContext) {
    const workflows = await openDbosWorkflows({
      url: database.url,
      story: recordingStory(notedIn(database.sql), "parent"),
      log,
    });
    t.after(() => workflows.close());
    return workflows;
  }

  test("looks seldom for what no story has: its names for these pauses are still the ones that are set", async (t) => {
    const source = Function.prototype.toString.call(wfQueueRunner.constructor);
    for (const name of ["reconcileIntervalMs", "transitionIntervalMs"])
      assert.match(source, new RegExp(`static ${name} = `));
    await open(t);
    assert.equal(workflowTimeoutConfig.pollingIntervalMs, 60_000);
    assert.equal(wfQueueRunner.getInternalQueue(INTERNAL_QUEUE_NAME)?.minPollingIntervalMs, 2_000);
    const timer = signalTimer();
    assert.ok(timer);
    assert.ok(Reflect.get(timer, "_destroyed"), "the timer was stopped");
  });

  const plan = (run: string, acts: Act[]): Plot => ({ run, acts, untilMs: Date.now() + farMs });
  const ask = (run: string, acts: Act[], waitMs = farMs): ChildPlot => ({ run, acts, waitMs });

  function startChild(t: TestContext, plot: ChildPlot, hangsAt = "", url = database.url): ChildProcess {
    const file = join(import.meta.dirname, "dbos.child.ts");
    const child = spawn(process.execPath, [file, url, JSON.stringify(plot), hangsAt], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    t.after(() => child.kill("SIGKILL"));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async function callsOf(run: string): Promise<unknown[]> {
    const rows = await database.sql.query(
      "select step || ' by ' || teller as call from call where run = $1 order by n",
      [run],
    );
    return rows.map((row) => row.call);
  }

  const untilCalled = (run: string, call: string) => until(async () => (await callsOf(run)).includes(call));

  /** A waiting run has stored its deadline. */
  const untilWaiting = (run: string) =>
    until(async () => {
      const marks = "select 1 from dbos.operation_outputs where workflow_uuid = $1 and function_name = 'DBOS.sleep'";
      return (await database.sql.query(marks, [run])).length > 0;
    });

  async function executorOf(run: string): Promise<unknown> {
    const [row] = await database.sql.query("select executor_id from dbos.workflow_status where workflow_uuid = $1", [
      run,
    ]);
    return row?.executor_id;
  }

  test("a run whose process was killed in the middle of a step goes on with that step", async (t) => {
    const plot = ask("cut", ["first", "second", "third"]);
    const child = startChild(t, plot, "second");
    await untilCalled("cut", "second by child");
    await kill(child);
    const workflows = await open(t);
    assert.equal(await end(workflows, "cut"), "first by child, second by parent, third by parent");
    const calls = ["first by child", "second by child", "second by parent", "third by parent"];
    assert.deepEqual(await callsOf("cut"), calls);
  });

  test("a run whose process was killed while it waited waits on, until the deadline it had", async (t) => {
    const plot = ask("asleep", ["first", "wait", "second"], 4_000);
    const child = startChild(t, plot);
    const deadline = once(child, "message").then(([untilMs]) => untilMs as number);
    await untilWaiting("asleep");
    await kill(child);
    const workflows = await open(t);
    assert.equal(await end(workflows, "asleep"), "first by child, deadline, second by parent");
    assert.ok(Date.now() >= (await deadline), "it did not wait for its deadline");
  });

  test("a living process keeps its runs, and the runs of a dead one are taken over", async (t) => {
    const acts: Act[] = ["first", "wait", "second"];
    const living = startChild(t, ask("of the living", acts));
    const dying = startChild(t, ask("of the dead", acts));
    await untilWaiting("of the living");
    await untilWaiting("of the dead");
    const [owner, dead] = [await executorOf("of the living"), await executorOf("of the dead")];
    const workflows = await open(t);
    await kill(dying);
    await until(async () => (await executorOf("of the dead")) !== dead);
    assert.equal(await executorOf("of the living"), owner);
    await workflows.nudge("of the living");
    await workflows.nudge("of the dead");
    assert.equal(await end(workflows, "of the living"), "first by child, nudged, second by child");
    // Which living process does it is not determined.
    assert.match(await end(workflows, "of the dead"), /^first by child, nudged, second by (child|parent)$/);
    await kill(living);
  });

  test("a step that is under way while they close is finished, and not run again", async (t) => {
    const step = Promise.withResolvers<void>();
    const recording = recordingStory(notedIn(database.sql), "parent");
    const second = async (run: string) => {
      const call = await recording.steps.second(run);
      await step.promise;
      return call;
    };
    const story = { ...recording, steps: { ...recording.steps, second } };
    const before = await openDbosWorkflows({ url: database.url, story, log });
    await before.start("under way", plan("under way", ["second", "third"]));
    await untilCalled("under way", "second by parent");
    const closed = before.close();
    step.resolve();
    await closed;
    const workflows = await open(t);
    assert.equal(await end(workflows, "under way"), "second by parent, third by parent");
    assert.deepEqual(await callsOf("under way"), ["second by parent", "third by parent"]);
  });

  test("runs survive the loss of every connection and of nudges", async (t) => {
    const workflows = await open(t);
    await workflows.start("cut off", plan("cut off", ["first", "wait", "second"]));
    await untilWaiting("cut off");
    await database.sql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'dropgate workflows%'`,
    );
    await workflows.nudge("cut off");
    assert.equal(await end(workflows, "cut off"), "first by parent, nudged, second by parent");
    assert.deepEqual(await callsOf("cut off"), ["first by parent", "second by parent"]);
  });

  test("runs that ended a week ago are deleted, open ones never", async (t) => {
    const before = await open(t);
    await before.start("old", plan("old", ["first"]));
    await before.start("open", plan("open", ["wait"]));
    await end(before, "old");
    await before.close();
    await database.sql.query(
      `update dbos.workflow_status set completed_at = completed_at - 8 * 24 * 3600000::bigint where workflow_uuid = 'old'`,
    );
    const workflows = await open(t);
    await until(async () => (await executorOf("old")) === undefined);
    await workflows.nudge("open");
    assert.equal(await end(workflows, "open"), "nudged");
  });

  test("processes that open an empty database at once all succeed", async (t) => {
    const empty = await openTestDatabase();
    t.after(() => empty.close());
    await empty.sql.query(
      "create table call (n bigint generated always as identity, run text, step text, teller text)",
    );
    const children = ["one", "two", "three"].map((run) => startChild(t, ask(run, ["first"]), "", empty.url));
    await until(async () => (await empty.sql.query("select from call")).length === 3);
    await Promise.all(children.map(kill));
  });

  test("a process has them open once at a time", async (t) => {
    const workflows = await open(t);
    await assert.rejects(open(t), /once at a time/);
    await workflows.close();
    await (await open(t)).close();
  });

  test("an unreachable database is reported, and they can be opened again", async (t) => {
    const nowhere = new URL(database.url);
    nowhere.port = "1";
    const story = recordingStory(notedIn(database.sql), "parent");
    await assert.rejects(openDbosWorkflows({ url: nowhere.href, story, log }), /open workflows for contractStory/);
    await open(t);
  });
});
