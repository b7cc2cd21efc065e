/**
 * The saga on a real Temporal server: `node --test src/fulfilment/temporal.real.ts`. RECORD=1 saves its histories in
 * `src/fulfilment/histories/`, for `temporal.test.ts` to replay.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, Connection } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import type { Workflows } from "#engines/workflows";
import { createLog } from "#platform/log";
import { type Servers, startServers } from "../../test/servers/servers.ts";
import { testShop } from "../../test/support/shop-identity.ts";
import { until } from "../../test/support/until.ts";
import { openTemporalWorkflows } from "../engines/workflows/temporal/temporal.ts";
import { type Batch, type EarlierBatchSteps, fulfilAll, fulfilOrders } from "./batch-saga.ts";
import { type FulfilmentSteps, fulfil, type PlacedOrder } from "./earlier-saga.ts";

/** Every test is over long before. */
const farMs = 3_600_000;
const workflowFile = new URL("./temporal.workflow.ts", import.meta.url);

describe("the saga on Temporal", { timeout: 600_000 }, () => {
  let servers: Servers<"temporal">;
  let workflows: Workflows<PlacedOrder>;
  const folder = mkdtempSync(join(tmpdir(), "dropgate-saga-"));
  const verdicts = new Map<string, "authorized">();
  const deadlines = new Map<string, number>();
  const failing = new Set<string>();
  const told: string[] = [];

  before(async () => {
    servers = await startServers({ folder, which: ["temporal"] });
    const { address } = servers.temporal;
    const story = { name: "fulfil", tell: fulfil, steps: createSteps() };
    const log = createLog({ level: "silent" });
    workflows = await openTemporalWorkflows({
      address,
      shop: testShop,
      taskQueue: "fulfilment",
      story,
      workflowFile,
      log,
    });
  });
  after(async () => {
    await workflows.close();
    await servers.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  test("an order that is paid is confirmed", async () => {
    await workflows.start("order-paid", order("paid", farMs));
    await until(() => told.includes("paid: readVerdict"), { withinMs: 60_000 });
    verdicts.set("paid", "authorized");
    await workflows.nudge("order-paid");
    assert.equal(await outcome("order-paid"), "confirmed");
    await keep("order-paid", "confirmed");
  });

  test("an order that is not paid by its deadline fails", async () => {
    await workflows.start("order-unpaid", order("unpaid", 3_000));
    assert.equal(await outcome("order-unpaid"), "failed");
    await keep("order-unpaid", "timed-out");
  });

  test("an order that is extended waits for its later deadline, and is confirmed if it is paid by then", async () => {
    const extended = { ...order("extended", 3_000), extendable: true as const };
    deadlines.set("extended", extended.payByMs + farMs);
    await workflows.start("order-extended", extended);
    await until(() => told.includes("extended: readDeadline"), { withinMs: 60_000 });
    verdicts.set("extended", "authorized");
    await workflows.nudge("order-extended");
    assert.equal(await outcome("order-extended"), "confirmed");
    await keep("order-extended", "extended");
  });

  test("O1: an order whose payment cannot be opened for a while is confirmed, and so is one that is hard to confirm", async () => {
    failing.add("closed: requestPayment").add("hard: confirm");
    verdicts.set("closed", "authorized").set("hard", "authorized");
    await workflows.start("order-closed", order("closed", farMs));
    await workflows.start("order-hard", order("hard", farMs));
    // One try more than the five after which earlier versions gave up.
    await until(() => told.filter((step) => step === "closed: requestPayment").length > 5, { withinMs: 60_000 });
    failing.delete("closed: requestPayment");
    failing.delete("hard: confirm");
    assert.equal(await outcome("order-closed"), "confirmed");
    assert.equal(await outcome("order-hard"), "confirmed");
    await keep("order-closed", "payment-opened-at-length");
    await keep("order-hard", "confirmed-at-length");
  });

  const stories = [
    {
      story: { name: "fulfilOrders", tell: fulfilOrders },
      title: "orders of one run are confirmed and ended together, and a step that fails for all is repeated",
      first: ["confirmPaid paid unpaid cancelled"],
      history: "together",
    },
    {
      story: { name: "fulfilAll", tell: fulfilAll },
      title: "and so are those of a run that an earlier version began",
      first: ["readVerdicts paid unpaid cancelled", "confirmAll paid"],
      history: "together-in-more-steps",
    },
  ];
  for (const { story, title, first, history } of stories) {
    test(title, async () => {
      const asked: string[] = [];
      const answers: Record<keyof EarlierBatchSteps, object | undefined> = {
        confirmPaid: { confirmed: ["paid"], due: ["unpaid"], over: ["cancelled"] },
        readVerdicts: { paid: ["paid"], due: ["unpaid"], over: ["cancelled"] },
        confirmAll: { confirmed: ["paid"], over: [] },
        endAll: { confirmed: [], over: ["unpaid"] },
        captureAll: undefined,
        voidAll: undefined,
      };
      const step = (name: keyof EarlierBatchSteps) => async (batch: Batch) => {
        asked.push(`${name} ${batch.orderIds.join(" ")}`);
        if (name === "endAll" && asked.filter((one) => one.startsWith(name)).length < 3) throw new Error("not yet");
        return answers[name] as never;
      };
      const names = Object.keys(answers) as (keyof EarlierBatchSteps)[];
      const steps = Object.fromEntries(names.map((name) => [name, step(name)])) as unknown as EarlierBatchSteps;
      const together = await openTemporalWorkflows<Batch, EarlierBatchSteps>({
        address: servers.temporal.address,
        shop: testShop,
        taskQueue: history,
        story: { ...story, steps },
        earlier: [{ name: "fulfil", tell: fulfil, steps: createSteps() }],
        workflowFile,
        log: createLog({ level: "silent" }),
      });
      const run = await together.start(history, { run: history, orderIds: ["paid", "unpaid", "cancelled"] });
      assert.equal(await run.ended(), "1 confirmed, 2 over");
      const common = [...new Array(3).fill("endAll unpaid"), "captureAll paid", "voidAll cancelled unpaid"];
      assert.deepEqual(asked, [...first, ...common]);
      await keep(history, history);
      await together.close();
    });
  }

  function createSteps(): FulfilmentSteps {
    function call<T>(orderId: string, step: keyof FulfilmentSteps, answer: T): T {
      told.push(`${orderId}: ${step}`);
      if (failing.has(`${orderId}: ${step}`)) throw new Error(`${step} is not available`);
      return answer;
    }
    return {
      holdUnits: async ({ orderId }) => call(orderId, "holdUnits", "held"),
      requestPayment: async ({ orderId }) => call(orderId, "requestPayment", undefined),
      readVerdict: async ({ orderId }) => call(orderId, "readVerdict", verdicts.get(orderId) ?? "open"),
      readDeadline: async ({ orderId, payByMs }) => call(orderId, "readDeadline", deadlines.get(orderId) ?? payByMs),
      confirm: async ({ orderId }) => call(orderId, "confirm", "confirmed"),
      capturePayment: async ({ orderId }) => call(orderId, "capturePayment", undefined),
      voidPayment: async ({ orderId }) => call(orderId, "voidPayment", undefined),
      endOrder: async ({ order }) => call(order.orderId, "endOrder", "ended"),
    };
  }

  const outcome = (run: string) => until(() => workflows.outcome(run), { withinMs: 60_000, everyMs: 100 });

  async function keep(run: string, name: string): Promise<void> {
    if (!process.env.RECORD) return;
    const connection = await Connection.connect({ address: servers.temporal.address });
    const history = await new Client({ connection }).workflow.getHandle(run).fetchHistory();
    await connection.close();
    const text = JSON.stringify(JSON.parse(historyToJSON(history)), withoutMachine, 1);
    writeFileSync(new URL(`./histories/${name}.json`, import.meta.url), `${text}\n`);
  }
});

function order(orderId: string, waitMs: number): PlacedOrder {
  const payByMs = Date.now() + waitMs;
  return { orderId, productId: "lamp", userId: "ada", quantity: 1, totalMinor: 1999, currency: "EUR", payByMs };
}

/** Names of workers and paths of files are private, and a replay does not need them. */
function withoutMachine(key: string, value: unknown): unknown {
  if (["identity", "stackTrace", "workerVersion"].includes(key)) return undefined;
  const isSticky = key === "taskQueue" && (value as { kind?: string }).kind === "TASK_QUEUE_KIND_STICKY";
  return isSticky ? { ...(value as object), name: "sticky" } : value;
}
