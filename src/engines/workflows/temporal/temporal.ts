/**
 * Opens workflows on a Temporal server: it keeps the history of each run and hands out workflow tasks to every process
 * that has opened the same task queue. After its retention the server forgets a run and would start it again, so the
 * books decide, as everywhere.
 */
import { Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from "@temporalio/client";
import { NativeConnection } from "@temporalio/worker";
import type { Shop } from "#engines/shop";
import { goOn, within } from "#platform/deadline";
import type { Log } from "#platform/log";
import type { EarlierStory, Steps, Story, Workflows } from "../workflows.ts";
import { createCalls } from "./calls.ts";
import { claimTaskQueue } from "./claim.ts";
import { reportTemporalTo } from "./log.ts";
import { nudgeSignal } from "./story.ts";
import { requireNamespace, startTemporalWorker } from "./worker.ts";

const connectWithinMs = 5_000;
const callWithinMs = 10_000;
/** The nudge itself goes on after its caller has left, until its own deadline. */
const nudgePatienceMs = 2_000;

type TemporalOptions<Input, S extends Steps> = {
  /** host:port */
  address: string;
  namespace?: string;
  taskQueue: string;
  /** The shop of these runs; their ids begin with its name, if it has one. */
  shop: Shop;
  story: Story<Input, S>;
  earlier?: readonly EarlierStory[];
  /** Exports `temporalStory(…)` under each story's name; it is bundled on opening, which takes a second or two. */
  workflowFile: URL;
  log: Log;
};

type Place = { address: string; namespace: string; taskQueue: string; shop: Shop };

/** @throws if Temporal cannot be reached within 5 s, or has no such namespace, or another shop has the task queue. */
export async function requireTemporal({ address, namespace, taskQueue, shop }: Place): Promise<void> {
  const connection = await connectTemporal(address);
  try {
    await requireNamespace(connection, namespace);
    const { workflow } = new Client({ connection, namespace });
    await claimTaskQueue(workflow, { address, namespace, taskQueue, shop });
  } finally {
    await connection.close();
  }
}

/** @throws as `requireTemporal` does. */
export async function openTemporalWorkflows<Input, S extends Steps>(
  options: TemporalOptions<Input, S>,
): Promise<Workflows<Input>> {
  const { address, namespace = "default", taskQueue, shop, story, earlier = [], workflowFile, log } = options;
  const { name } = story;
  const steps: Steps = Object.assign({}, ...earlier.map((one) => one.steps), story.steps);
  reportTemporalTo(log);
  await using resources = new AsyncDisposableStack();
  const connection = await connectTemporal(address);
  resources.defer(() => connection.close());
  const { workflow } = new Client({ connection, namespace });
  await requireNamespace(connection, namespace);
  await claimTaskQueue(workflow, { address, namespace, taskQueue, shop });
  const worker = await startTemporalWorker({ connection, namespace, taskQueue, steps, workflowFile, log });
  resources.defer(() => worker.close());
  const idOf = (id: string) => (shop.name === "" ? id : `${shop.name}-${id}`);
  const opened = resources.move();
  const call = createCalls(connection, callWithinMs);
  // A queue of their own, so that paid orders do not wait behind new ones.
  const callForNudge = createCalls(connection, callWithinMs);

  return {
    // A run costs this process, its workflow thread and the server 30 ms of CPU: docs/adr/0089-fewer-and-larger-runs.md.
    smallRunsAtOnce: 1,

    async start(id, input) {
      const ended = () => workflow.getHandle(idOf(id)).result() as Promise<string>;
      try {
        await call(() =>
          workflow.start(name, {
            workflowId: idOf(id),
            taskQueue,
            args: [input],
            // The run begins in the answer to its start if this process has a free place for it.
            requestEagerStart: true,
            workflowIdReusePolicy: "REJECT_DUPLICATE",
            workflowIdConflictPolicy: "USE_EXISTING",
          }),
        );
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return { ended };
        throw new Error(`start run ${id} of ${name} on Temporal at ${address}`, { cause: error });
      }
      return { ended };
    },

    async nudge(id) {
      const sent = callForNudge(() => workflow.getHandle(idOf(id)).signal(nudgeSignal)).catch((error) => {
        if (!(error instanceof WorkflowNotFoundError)) log.warn("nudge failed", { run: id }, error);
      });
      await within(nudgePatienceMs, sent, goOn);
    },

    async outcome(id) {
      const run = workflow.getHandle(idOf(id));
      try {
        const { status } = await call(() => run.describe());
        if (status.name === "RUNNING") return undefined;
        return await call(() => run.result());
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw new Error(`outcome of run ${id} of ${name}`, { cause: error });
      }
    },

    async answers() {
      await call(() => connection.workflowService.describeNamespace({ namespace }));
    },

    close: () => opened.disposeAsync(),
  };
}

/** @throws within 5 s, naming TEMPORAL_ADDRESS. */
export async function connectTemporal(address: string): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({ address });
  try {
    return await within(connectWithinMs, connecting, () => {
      connecting.then((connection) => connection.close()).catch(() => {});
      throw new Error(`no answer within ${connectWithinMs} ms`);
    });
  } catch (error) {
    throw new Error(`Temporal cannot be reached at ${address}: is it up, and is TEMPORAL_ADDRESS right?`, {
      cause: error,
    });
  }
}
