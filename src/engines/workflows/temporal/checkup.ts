/** Looks a Temporal server over. Reads only. */
import type { NativeConnection } from "@temporalio/worker";
import { type Finding, ok, warning } from "../../finding.ts";
import { connectTemporal } from "./temporal.ts";
import { requireNamespace } from "./worker.ts";

const workflowTasks = 1;
const activityTasks = 2;

export type TemporalUse = { address: string; namespace: string; taskQueue: string };

/** @throws if it does not answer, or has no such namespace, with the setting to look at. */
export async function checkTemporal({ address, namespace, taskQueue }: TemporalUse): Promise<Finding[]> {
  const connection: NativeConnection = await connectTemporal(address);
  try {
    await requireNamespace(connection, namespace);
    const about = `task queue ${taskQueue}`;
    const [stories, steps] = await Promise.all(
      [workflowTasks, activityTasks].map((taskQueueType) =>
        connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType }),
      ),
    );
    const workers = Math.min(stories?.pollers?.length ?? 0, steps?.pollers?.length ?? 0);
    return [
      ok("Temporal", `answers at ${address}, and has the namespace ${namespace}`),
      workers > 0
        ? ok(about, workers === 1 ? "has one worker" : `has ${workers} workers`)
        : warning(about, "has no worker, so no paid order is confirmed", "start a process with the service fulfilment"),
    ];
  } finally {
    await connection.close();
  }
}
