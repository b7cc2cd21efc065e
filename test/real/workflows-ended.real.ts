/** Temporal is lost, or an operator ends its workflows: paid orders are still confirmed, long before their payBy. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, Connection } from "@temporalio/client";
import { type Servers, startServers } from "../servers/servers.ts";
import { holdConfirmations } from "../support/hold-confirmations.ts";
import { payOrder } from "../support/pay.ts";
import { until } from "../support/until.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };

describe("on a real Temporal", { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-ended-"));
  let servers: Servers<"temporal">;
  let world: World;
  before(async () => {
    servers = await startServers({ folder, which: ["temporal"] });
    // The orders have a quarter of an hour to be paid, and `untilStatus` waits for seconds.
    world = await openWorld({ settings: { TEMPORAL_ADDRESS: servers.temporal.address } });
  });
  after(async () => {
    await world?.close();
    await servers?.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  async function pay(buyer: ReturnType<World["as"]>, orderId: string): Promise<void> {
    const { status, body } = await payOrder(buyer, orderId, goodCard);
    assert.equal(status, 202, JSON.stringify(body));
  }

  /** The run of the order, which is paid and cannot be confirmed. The server's list has runs that ended a moment ago, too. */
  function openRun({ workflow }: Client, orderId: string): Promise<string> {
    return until(
      async () => {
        const open = "WorkflowType = 'fulfilOrders' and ExecutionStatus = 'Running'";
        for await (const { workflowId } of workflow.list({ query: open })) {
          const { events } = await workflow.getHandle(workflowId).fetchHistory();
          const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
          if (input.some(({ data }) => Buffer.from(data ?? []).includes(orderId))) return workflowId;
        }
        return undefined;
      },
      { withinMs: 60_000 },
    );
  }

  const ends: Record<string, (client: Client, workflowId: string) => Promise<unknown>> = {
    terminated: ({ workflow }, id) => workflow.getHandle(id).terminate("an operator's mistake"),
    cancelled: ({ workflow }, id) => workflow.getHandle(id).cancel(),
    deleted: ({ workflowService }, workflowId) =>
      workflowService.deleteWorkflowExecution({ namespace: "default", workflowExecution: { workflowId } }),
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`O31: an order that is paid is confirmed soon after an operator has ${how} its run`, async () => {
      const productId = await world.newProduct({ stock: 1 });
      const ada = world.as("ada");
      const { orderId } = await world.place(ada, productId);
      const hold = await holdConfirmations(world.system.faces.engines.sql("test", 1), orderId);
      await pay(ada, orderId);
      const connection = await Connection.connect({ address: servers.temporal.address });
      const client = new Client({ connection });
      await end(client, await openRun(client, orderId));
      await connection.close();
      await hold.end();
      await world.untilStatus(ada, orderId, "CONFIRMED");
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });
  }

  test("O19: orders that are paid while Temporal is lost are confirmed while it is lost", async () => {
    const productId = await world.newProduct({ stock: 2 });
    const bob = world.as("bob");
    const before = await world.place(bob, productId);
    await world.untilStatus(bob, before.orderId, "PAYMENT_PENDING");
    await servers.temporal.kill("SIGKILL");
    const during = await world.place(bob, productId);
    for (const { orderId } of [before, during]) {
      await world.untilStatus(bob, orderId, "PAYMENT_PENDING");
      await pay(bob, orderId);
    }
    for (const { orderId } of [before, during]) await world.untilStatus(bob, orderId, "CONFIRMED");
    await servers.temporal.start();
    const after = await world.newProduct({ stock: 1 });
    const { orderId } = await world.place(bob, after);
    await world.untilStatus(bob, orderId, "PAYMENT_PENDING");
    assert.equal((await world.untilAtRest(productId)).sold, 2);
  });
});
