/**
 * A process that runs workflow tasks and is killed by a test: `node temporal.child.ts <address> <queue> <file of calls>
 * <plot as JSON> [step to hang at]`.
 */
import { appendFileSync } from "node:fs";
import { createLog } from "#platform/log";
import { testShop } from "../../../../test/support/shop-identity.ts";
import { contractStory, type Plot, type PlotSteps } from "../contract/story.testing.ts";
import type { Story } from "../workflows.ts";
import { openTemporalWorkflows } from "./temporal.ts";

export const contractFile = new URL("./contract.workflow.ts", import.meta.url);

/** Steps that leave a line for each call, with the name of their process. */
export function recordingStory(file: string, teller: string, hangsAt?: string): Story<Plot, PlotSteps> {
  function record(step: string) {
    return async (run: string) => {
      appendFileSync(file, `${run}: ${step} by ${teller}\n`);
      return step === hangsAt ? new Promise<never>(() => {}) : `${step} by ${teller}`;
    };
  }
  return {
    name: "contractStory",
    tell: contractStory,
    steps: { first: record("first"), second: record("second"), third: record("third") },
  };
}

if (import.meta.main) {
  const [address = "", taskQueue = "", file = "", plotText = "", hangsAt] = process.argv.slice(2);
  const plot: Plot = JSON.parse(plotText);
  const story = recordingStory(file, "child", hangsAt);
  const log = createLog({ level: "silent" });
  const workflows = await openTemporalWorkflows({
    address,
    shop: testShop,
    taskQueue,
    story,
    workflowFile: contractFile,
    log,
  });
  await workflows.start(plot.run, plot);
}
