/**
 * Runs that real servers have kept are told again by today's saga. Where it asks for its steps in another order than
 * they did, open runs could not go on after an upgrade: give it another name (see `temporalStory`).
 *
 * A new history: `RECORD=1 node --test src/fulfilment/temporal.real.ts`, or of any run
 * `temporal workflow show --workflow-id order-<id> --output json > src/fulfilment/histories/<name>.json`.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, Runtime, Worker, type WorkflowBundleWithSourceMap } from "@temporalio/worker";

const histories = new URL("./histories/", import.meta.url);
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

describe("the saga goes on with runs that were", () => {
  let workflowBundle: WorkflowBundleWithSourceMap;
  before(async () => {
    Runtime.install({ logger: silent });
    workflowBundle = await bundle("./temporal.workflow.ts");
  });

  for (const file of readdirSync(histories)) {
    const history = JSON.parse(readFileSync(new URL(file, histories), "utf8"));

    test(file.replace(".json", ""), async () => {
      await Worker.runReplayHistory({ workflowBundle }, history);
    });
  }

  test("and a story that asks for its steps in another order is found out", async () => {
    const history = JSON.parse(readFileSync(new URL("confirmed.json", histories), "utf8"));
    const other = await bundle("../engines/workflows/temporal-contract.workflow.ts");
    await assert.rejects(Worker.runReplayHistory({ workflowBundle: other }, history));
  });
});

function bundle(file: string): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL(file, import.meta.url)), logger: silent });
}
