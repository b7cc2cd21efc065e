/**
 * Registers which shop owns a task queue. A workflow without a worker marks it: Temporal allows one of a name, keeps it
 * for any time, and shows its memo. Two shops on one queue would take each other's steps.
 */
import type { WorkflowClient } from "@temporalio/client";
import { claimFrom, claimText, OtherShops, type Shop } from "#engines/shop";
import { program } from "#platform/program";

const claimName = `${program.name}-shop`;

/** @throws OtherShops */
export async function claimTaskQueue(
  workflow: WorkflowClient,
  { address, namespace, taskQueue, shop }: { address: string; namespace: string; taskQueue: string; shop: Shop },
): Promise<void> {
  const workflowId = `${claimName}:${taskQueue}`;
  const claim = await workflow.start(claimName, {
    workflowId,
    taskQueue: claimName,
    workflowIdConflictPolicy: "USE_EXISTING",
    memo: { claim: claimText(shop) },
  });
  const { memo } = await claim.describe();
  const found = claimFrom(String(memo?.claim));
  if (found && found.shop !== shop.id) {
    const release = `temporal --address ${address} --namespace ${namespace} workflow terminate --workflow-id ${workflowId}`;
    throw new OtherShops(`Temporal's task queue ${taskQueue}`, found, release);
  }
}
