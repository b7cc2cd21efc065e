/**
 * A process that runs workflow tasks and is killed by a test: `node temporal.child.ts <address> <queue> <file of calls>
 * <plot as JSON> [step to hang at]`.
 */
import { appendFileSync } from "node:fs";
import { createLog } from "#platform/log";
import { testShop } from "../../../../test/support/shop-identity.ts";
import { type NoteCall, recordingStory, startAsked } from "../contract/recording.testing.ts";
import type { Plot, PlotSteps } from "../contract/story.testing.ts";
import type { Story } from "../workflows.ts";
import { openTemporalWorkflows } from "./temporal.ts";

const contractFile = new URL("./contract.workflow.ts", import.meta.url);

type ContractOptions = {
  address: string;
  namespace?: string;
  taskQueue: string;
  story: Story<Plot, PlotSteps>;
};

/** A line for each call. */
export function notedIn(file: string): NoteCall {
  return (run, step, teller) => appendFileSync(file, `${run}: ${step} by ${teller}\n`);
}

const log = createLog({ level: "silent" });

export function openContractWorkflows(options: ContractOptions) {
  return openTemporalWorkflows({ ...options, shop: testShop, workflowFile: contractFile, log });
}

if (import.meta.main) {
  const [address = "", taskQueue = "", file = "", plotText = "", hangsAt] = process.argv.slice(2);
  const story = recordingStory(notedIn(file), "child", hangsAt);
  const workflows = await openContractWorkflows({ address, taskQueue, story });
  await startAsked(workflows, plotText);
}
