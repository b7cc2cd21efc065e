/** Runs Temporal's worker in this process: it polls the server for tasks of open runs and runs them. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Context } from "@temporalio/activity";
import { bundleWorkflowCode, type NativeConnection, Worker } from "@temporalio/worker";
import type { Log } from "#platform/log";
import { type Steps, stepPatience } from "../workflows.ts";
import { createLeaving, type Leaving } from "./leaving.ts";
import { temporalLogger } from "./log.ts";

/** How long steps under way may take to finish when the worker is closed. */
const graceMs = 4_000;
/** If it cannot report its results to the server. Another worker then gets the task. */
const forceAfterMs = 10_000;
const restartPauseMs = 1_000;
/** Steps that failed before have a limit of their own, so that they cannot delay the others. */
const retriedAtOnce = stepPatience.attemptsAtOnce / 4;
/** Workflow tasks at once, each of them mostly waiting for its steps. */
const turnsAtOnce = 40;
const pollsAtOnce = 10;
/** A waiting run that is not kept in memory is replayed from its short history when it wakes. */
const runsInMemory = 1_000;
/** How long the server keeps a task for the worker that has the run in memory, if that worker died. */
const stickyMs = 3_000;

export type TemporalWorker = { close(): Promise<void> };

type TemporalWorkerOptions = {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  steps: Steps;
  workflowFile: URL;
  log: Log;
};

export async function startTemporalWorker(options: TemporalWorkerOptions): Promise<TemporalWorker> {
  const { steps, workflowFile, log, ...where } = options;
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(workflowFile),
    logger: temporalLogger(log),
  });
  const leaving = createLeaving();
  const activities = Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, attemptOf(step, leaving)]));

  async function create(): Promise<Worker> {
    // A worker that finds no such namespace by itself is never released, and keeps the process alive.
    await requireNamespace(where.connection, where.namespace);
    return Worker.create({
      ...where,
      workflowBundle,
      activities,
      maxConcurrentLocalActivityExecutions: stepPatience.attemptsAtOnce - retriedAtOnce,
      maxConcurrentActivityTaskExecutions: retriedAtOnce,
      activityTaskPollerBehavior: { type: "simple-maximum", maximum: 2 },
      maxConcurrentWorkflowTaskExecutions: turnsAtOnce,
      workflowTaskPollerBehavior: { type: "simple-maximum", maximum: pollsAtOnce },
      maxCachedWorkflows: runsInMemory,
      stickyQueueScheduleToStartTimeout: stickyMs,
      shutdownForceTime: forceAfterMs,
    });
  }

  const closing = new AbortController();
  let worker = await create();
  const running = run();

  /**
   * While the server is down the worker goes on polling; it ends only after an error that it takes for final, such as a
   * refusal.
   */
  async function run(): Promise<void> {
    for (;;) {
      try {
        await worker.run();
      } catch (error) {
        log.error("temporal worker failed", { taskQueue: where.taskQueue }, error);
      }
      for (let restarted = false; !restarted; ) {
        await sleep(restartPauseMs, undefined, { signal: closing.signal }).catch(() => {});
        if (closing.signal.aborted) return;
        try {
          worker = await create();
          restarted = true;
        } catch (error) {
          log.error("temporal worker not started", { taskQueue: where.taskQueue }, error);
        }
      }
    }
  }

  return {
    async close() {
      closing.abort();
      if (worker.getState() === "RUNNING") worker.shutdown();
      const patience = setTimeout(() => leaving.leaveAll(new Error("the worker closes")), graceMs);
      await running;
      clearTimeout(patience);
    },
  };
}

/** @throws if there is no such namespace. */
export async function requireNamespace(connection: NativeConnection, namespace: string): Promise<void> {
  await connection.workflowService.describeNamespace({ namespace }).catch((cause) => {
    throw new Error(
      `Temporal does not answer for namespace ${namespace}: is it there, and is TEMPORAL_NAMESPACE right?`,
      { cause },
    );
  });
}

/** A hanging step must not keep its place after its time limit, nor keep the worker from closing. */
function attemptOf(step: Steps[string], leaving: Leaving): Steps[string] {
  return (input) => {
    const { cancelled, info } = Context.current();
    return leaving.unlessLeft(step(input), cancelled, info.activityType);
  };
}
