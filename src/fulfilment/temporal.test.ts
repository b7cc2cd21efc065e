/**
 * Replays runs of real servers with the present saga. If the saga asks for its steps in another order than they did,
 * open runs could not go on after an upgrade: give it another name (see `temporalStory`).
 *
 * A new history: `RECORD=1 node --test src/fulfilment/temporal.real.ts`, or, from any run, `temporal workflow show
 * --workflow-id <run> --output json > src/fulfilment/histories/<name>.json`.
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
    Runtime.install({ logger: silent, telemetryOptions: { logging: { filter: "off", forward: {} } } });
    const workflowsPath = fileURLToPath(new URL("./temporal.workflow.ts", import.meta.url));
    workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: silent });
  });

  for (const name of readdirSync(histories)) {
    test(name.replace(".json", ""), () => Worker.runReplayHistory({ workflowBundle }, read(name)));
  }

  test("and detects a run that asked for its steps in another order", async () => {
    const history = read("confirmed.json");
    const marker = history.events.find((event) => event.markerRecordedEventAttributes);
    const [payload] = marker?.markerRecordedEventAttributes?.details.data.payloads ?? [];
    assert.ok(payload, "the history has no local activity");
    payload.data = btoa(atob(payload.data).replace("holdUnits", "readVerdict"));
    await assert.rejects(Worker.runReplayHistory({ workflowBundle }, history), /[Nn]ondeterminism/);
  });
});

type Marker = { details: { data: { payloads: { data: string }[] } } };

function read(name: string): { events: { markerRecordedEventAttributes?: Marker }[] } {
  return JSON.parse(readFileSync(new URL(name, histories), "utf8"));
}
