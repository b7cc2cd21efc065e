/**
 * Opens workflows in PostgreSQL itself, by DBOS Transact. A step's answer is stored before the story gets it, and a run
 * that is recovered starts from the beginning with the answers that are stored.
 *
 * Several processes may share a database: a run belongs to one of them at a time, and when that process dies another
 * takes the run over within about four seconds. A story that changes the order of its steps needs a new name, once its
 * open runs have ended.
 */
import { DBOS, Error as DbosErrors } from "@dbos-inc/dbos-sdk";
// The only ways to take over an executor's runs atomically, to wake waiting runs, and to set pauses.
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import { dbRetryConfig, INTERNAL_QUEUE_NAME } from "@dbos-inc/dbos-sdk/internal/utils";
import { wfQueueRunner } from "@dbos-inc/dbos-sdk/internal/wfqueue";
import { workflowTimeoutConfig } from "@dbos-inc/dbos-sdk/internal/workflow_management";
import { refuseReadOnly } from "#engines/sql";
import { goOn, within } from "#platform/deadline";
import type { Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import type { EarlierStory, Steps, Story, Workflows } from "../workflows.ts";
import { openExecutorLease } from "./executor-lease.ts";
import { createDbosLogger } from "./logger.ts";
import { openDbosPool } from "./pool.ts";
import { createTeller, nudgeTopic } from "./teller.ts";

const beatEveryMs = 2_000;
const forgetEveryMs = 60_000;
/** Long after the last retry of a start could still arrive. */
const keepEndedMs = 7 * 24 * 3_600_000;
const forgetAtOnce = 1_000;
/**
 * How long callers wait. DBOS itself never gives up: the request still takes effect, after its caller has left, when
 * PostgreSQL answers again.
 */
const nudgePatienceMs = 2_000;
const answerPatienceMs = 30_000;
const closePatienceMs = 5_000;
/** DBOS wakes so often to announce its streams and events, of which these stories have none. Its own default is 10 ms. */
const streamsEveryMs = 1_000;
/** No number of restarts is a reason to abandon an order. */
const maxTakeOvers = 1_000_000;
/**
 * Longest pause between two tries to reach PostgreSQL. With the default of 60 s an outage of 10 s delayed runs by 90 s
 * (measured).
 */
const longestRetryPauseS = 4;

/** Runs are started directly: only those that are taken over wait in a queue. DBOS looks every second by itself. */
const queueEveryMs = 2_000;
/** How often DBOS looks for what these stories do not have: queues in the database, delayed runs, runs with a time-out. */
const unusedEveryMs = 60_000;

/** DBOS keeps its registry and its connections in variables of its modules, so a process can have only one. */
let isOpen = false;

type DbosOptions<Input, S extends Steps> = {
  /** Leads to PostgreSQL itself: LISTEN and session locks do not work through a pooler in transaction mode. */
  url: string;
  story: Story<Input, S>;
  earlier?: readonly EarlierStory[];
  log: Log;
};

/** @throws if this process has workflows open already, or PostgreSQL cannot be reached within 5 s. */
export async function openDbosWorkflows<Input, S extends Steps>(
  options: DbosOptions<Input, S>,
): Promise<Workflows<Input>> {
  const { name } = options.story;
  if (isOpen) throw new Error(`cannot open workflows for ${name}: a process can have DBOS open once at a time`);
  isOpen = true;
  try {
    return await open(options);
  } catch (error) {
    throw new Error(`open workflows for ${name}`, { cause: error });
  }
}

async function open<Input, S extends Steps>(options: DbosOptions<Input, S>): Promise<Workflows<Input>> {
  const { url, story, earlier = [], log } = options;
  // The default is a hash of the source, so a new build would not continue the runs of the old one. The name of the
  // first story stays the version, because runs of another version are not recovered.
  const version = earlier[0]?.name ?? story.name;
  await using resources = new AsyncDisposableStack();
  resources.defer(() => {
    isOpen = false;
  });
  const lease = await openExecutorLease(url);
  // Released last, so that no process takes over a run that is still being written here.
  resources.defer(() => lease.close());
  const pool = openDbosPool(url);
  resources.defer(() => pool.end());
  resources.defer(shutDown);

  dbRetryConfig.maxBackoffSec = longestRetryPauseS;
  const teller = createTeller(story, log);
  const tell = DBOS.registerWorkflow(teller.tell, { name: story.name, maxRecoveryAttempts: maxTakeOvers });
  const others = earlier.map((one) => ({ name: one.name, teller: createTeller(one, log) }));
  for (const { name, teller } of others) {
    DBOS.registerWorkflow(teller.tell, { name, maxRecoveryAttempts: maxTakeOvers });
  }
  DBOS.setConfig({
    name: version,
    applicationVersion: version,
    executorID: lease.executorId,
    systemDatabasePool: pool,
    notificationCoalesceMs: streamsEveryMs,
    logger: createDbosLogger(log),
  });
  // It makes its tables here. When several processes did this at the same time, all but one failed (measured).
  await lease.alone(() => DBOS.launch());
  askSeldom();

  const beating = startLoop({
    everyMs: beatEveryMs,
    async work() {
      const { dead, wasLost } = await lease.beat(version);
      if (dead.length > 0) await takeOver(dead, log);
      if (wasLost) wakeWaiting();
    },
    onFault: (error) => log.warn("workflow beat failed", {}, error),
  });
  resources.defer(() => beating.stop());
  const forgetting = startLoop({
    everyMs: forgetEveryMs,
    work: forgetEnded,
    onFault: (error) => log.warn("ended workflows not deleted", {}, error),
  });
  resources.defer(() => forgetting.stop());
  resources.defer(async () => {
    await Promise.all([teller, ...others.map((one) => one.teller)].map((one) => one.close(closePatienceMs)));
  });
  const opened = resources.move();

  return {
    smallRunsAtOnce: 2,

    async start(id, input) {
      const run = await inTime(DBOS.startWorkflow(tell, { workflowID: id })(input), `start ${id}`);
      return { ended: () => run.getResult() };
    },

    async nudge(id) {
      const sent = DBOS.send(id, true, nudgeTopic).catch((error) => {
        if (!(error instanceof DbosErrors.DBOSNonExistentWorkflowError)) {
          log.warn("nudge failed", { run: id }, error);
        }
      });
      await within(nudgePatienceMs, sent, goOn);
    },

    async outcome(id) {
      const run = await inTime(DBOS.getWorkflowStatus(id), `outcome of ${id}`);
      if (!run || isUnderWay(run.status)) return undefined;
      if (run.status === "SUCCESS") return run.output as string;
      throw new Error(`run ${id} of ${story.name} ended as ${run.status}`, { cause: run.error });
    },

    async answers() {
      await pool.query(refuseReadOnly);
    },

    close: () => opened.disposeAsync(),
  };
}

function inTime<T>(answer: Promise<T>, what: string): Promise<T> {
  return within(answerPatienceMs, answer, () => {
    throw new Error(`${what}: no answer from PostgreSQL within ${answerPatienceMs} ms`);
  });
}

function isUnderWay(status: string): boolean {
  return status === "PENDING" || status === "ENQUEUED" || status === "DELAYED";
}

/**
 * At rest these looks were nine statements a second. There is no setting for them; a test notices when their names
 * change.
 */
function askSeldom(): void {
  workflowTimeoutConfig.pollingIntervalMs = unusedEveryMs;
  const unused = { reconcileIntervalMs: unusedEveryMs, transitionIntervalMs: unusedEveryMs };
  Object.assign(wfQueueRunner.constructor, unused);
  const queue = wfQueueRunner.getInternalQueue(INTERNAL_QUEUE_NAME);
  if (queue) queue.minPollingIntervalMs = queueEveryMs;
  // It looks ten times a second for spans and log lines to send away; without an OTLP endpoint of DBOS there are none.
  clearInterval(signalTimer());
}

type Signals = { telemetryCollector?: { signalBufferID?: NodeJS.Timeout } };

/** Private to DBOS, which has no setting for it. */
export function signalTimer(): NodeJS.Timeout | undefined {
  const tracer = DBOSExecutor.globalInstance?.tracer as Signals | undefined;
  return tracer?.telemetryCollector?.signalBufferID;
}

/** DBOS claims each run atomically, so every process may do this. */
async function takeOver(deadExecutors: string[], log: Log): Promise<void> {
  const runs = await DBOSExecutor.globalInstance?.recoverPendingWorkflows(deadExecutors);
  if (runs?.length) log.info("workflows taken over", { runs: runs.length, from: deadExecutors.join(" ") });
}

async function forgetEnded(): Promise<void> {
  let found: number;
  do {
    const ended = await DBOS.listWorkflows({
      // Failed runs stay, for an operator to look at.
      status: "SUCCESS",
      completedBefore: new Date(Date.now() - keepEndedMs).toISOString(),
      limit: forgetAtOnce,
      loadInput: false,
      loadOutput: false,
    });
    found = ended.length;
    if (found > 0) await DBOS.deleteWorkflows(ended.map((run) => run.workflowID));
  } while (found === forgetAtOnce);
}

async function shutDown(): Promise<void> {
  const executor = DBOSExecutor.globalInstance;
  await DBOS.shutdown({ deregister: true });
  // Without it each waiting run's timer would keep the process alive until its next poll.
  wakeWaiting(executor);
}

/** Makes every waiting run look for its nudge now. */
function wakeWaiting(executor = DBOSExecutor.globalInstance): void {
  const waiting = executor?.systemDatabase.notificationsMap;
  for (const key of waiting ? [...waiting.map.keys()] : []) waiting?.callCallbacks(key);
}
