/** Every service as a process of its own, services that share work as two, behind one gateway, on the real servers. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isFinal } from "../../src/orders/state.ts";
import { statuses } from "../../src/orders/wire.ts";
import { binFolder } from "../servers/cache.ts";
import type { Order, PlacedOrder, Problem, StockSync } from "../support/client.ts";
import { readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { everyServiceApart, type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { untilUp } from "../support/health.ts";
import { payOrder } from "../support/pay.ts";
import { accepted, allBuy, keepBuying, type OrderAnswer, tally, untilMoreAccepted } from "../support/shoppers.ts";
import { until } from "../support/until.ts";

const goodCard = { cardNumber: "4242424242424242" };
const terminal: readonly string[] = statuses.filter(isFinal);
const names = [...Object.keys(everyServiceApart), "gateway"];

describe("services apart on real servers", { timeout: 1_200_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet({
      members: everyServiceApart,
      settings: { KAFKA_SESSION_TIMEOUT_MS: "6000" },
    });
  });
  afterEach((context) => tellOutput(fleet, names)(context));
  after(() => fleet?.close());

  /** Reconciles repeatedly until stopped; every answer must be OK. */
  function keepReconciling() {
    let samples = 0;
    let stopped = false;
    async function sample(): Promise<void> {
      while (!stopped) {
        const { status, products } = await fleet.reconcile();
        assert.equal(status, "OK", JSON.stringify(products.filter((product) => product.status !== "OK")));
        samples += 1;
        await sleep(100);
      }
    }
    const running = sample();
    running.catch(() => {});
    return {
      async stop(): Promise<number> {
        stopped = true;
        await running;
        return samples;
      },
    };
  }

  /** Read with Kafka's own tool. */
  async function consumerLag(): Promise<number> {
    const bootstrap = ["--bootstrap-server", fleet.servers.kafka.bootstrap];
    const describe = ["--describe", "--group", "order-processor-group"];
    const { stdout } = await promisify(execFile)(join(binFolder, "kafka-consumer-groups"), [...bootstrap, ...describe]);
    const rows = stdout.split("\n").filter((line) => line.includes("orders.reservations"));
    assert.equal(rows.length, 8, stdout);
    // The column after GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET; "-" before the first record.
    return rows.reduce((sum, row) => sum + Number(row.split(/\s+/)[5]?.replace("-", "0")), 0);
  }

  async function statusesOf(answers: readonly OrderAnswer[]): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { buyer, body } of answers) {
      const { status, body: order } = await buyer.get<Order>(`/orders/${body.orderId}`);
      assert.equal(status, 200, `${body.orderId} was promised: ${JSON.stringify(order)}`);
      counts[order.status] = (counts[order.status] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * Ends every open order of the product, and accounts for each unit. The time to pay is longer than any test: if it ended
   * during a burst on a busy machine, the units would be sold again.
   */
  async function endAll(productId: string, answers: readonly OrderAnswer[], stock: number) {
    await until(async () => (await fleet.reportOf(productId)).inFlight === 0, { withinMs: 120_000, everyMs: 300 });
    const plan = { filter: { productId }, action: "cancel", reason: "the test is over" };
    const previewed = await fleet.admin.post<{ planId: string }>("/admin/orders/bulk/preview", plan);
    assert.equal(previewed.status, 200, JSON.stringify(previewed.body));
    const started = await fleet.admin.post(`/admin/orders/bulk/${previewed.body.planId}/run`, {});
    assert.equal(started.status, 202, JSON.stringify(started.body));
    await until(async () => (await fleet.reportOf(productId)).held === 0, { withinMs: 120_000, everyMs: 300 });
    const { sold, available } = await fleet.untilAtRest(productId);
    const statuses = await statusesOf(accepted(answers));
    assert.deepEqual(
      Object.keys(statuses).filter((status) => !terminal.includes(status)),
      [],
      JSON.stringify(statuses),
    );
    assert.equal(sold + available, stock);
    assert.ok(sold >= (statuses.CONFIRMED ?? 0), JSON.stringify({ sold, statuses }));
    return { sold, statuses };
  }

  describe("the guide's chapters through the gateway", () => {
    test("2 and 3: sync-redis verifies, reconcile says OK, at both addresses", async () => {
      const productId = await fleet.newProduct({ stock: 100 });
      for (const path of ["/inventory/admin/sync-redis", "/admin/sync-redis"]) {
        const { status, body } = await fleet.admin.post<StockSync>(path);
        assert.equal(status, 200);
        const { action, sellable } = body.products.find((product) => product.productId === productId) ?? assert.fail();
        assert.deepEqual({ action, sellable }, { action: "verified", sellable: 100 });
      }
      const { status, gate, drift } = await fleet.reportOf(productId);
      assert.deepEqual({ status, gate, drift }, { status: "OK", gate: 100, drift: 0 });
    });

    test("4: an order is answered 202, paid, and CONFIRMED; its events come as a stream", async () => {
      const productId = await fleet.newProduct({ stock: 3 });
      const ada = fleet.as("ada");
      const { orderId, eventsUrl } = await fleet.place(ada, productId);
      const authorization = `Bearer ${fleet.token("ada", "CUSTOMER")}`;
      const stream = await readEvents(`${fleet.origin}${eventsUrl}`, { authorization });
      assert.equal(stream.headers["content-type"]?.split(";")[0], "text/event-stream");
      await fleet.untilStatus(ada, orderId, "PAYMENT_PENDING");
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await fleet.untilStatus(ada, orderId, "CONFIRMED");
      await eventually(() => stream.events.some(({ data }) => data.status === "CONFIRMED"));
      assert.equal(stream.events[0]?.event, "snapshot");
      await stream.untilEnded();
    });

    test("health of each service is below its name", async () => {
      for (const service of ["product", "inventory", "order"]) {
        await untilUp(`${fleet.origin}/${service}/actuator/health`);
      }
    });

    test("the caller is checked behind the gateway: no token, another person's, not an admin's", async () => {
      const productId = await fleet.newProduct({ stock: 1 });
      const { orderId } = await fleet.place(fleet.as("ada"), productId);
      const order = JSON.stringify({ productId, quantity: 1 });
      const json = { "content-type": "application/json" };
      const anonymous = await fetch(`${fleet.origin}/orders`, { method: "POST", body: order, headers: json });
      assert.equal(anonymous.status, 401);
      assert.equal((await fleet.as("bob").get(`/orders/${orderId}`)).status, 404);
      assert.equal((await fleet.as("bob").get("/admin/reconcile")).status, 403);
    });

    test("every process follows the switch, and orders go on afterwards", async () => {
      const productId = await fleet.newProduct({ stock: 1_000 });
      const order = () => fleet.as("ada").post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 });
      for (const [mode, told] of [
        ["closed", "closed"],
        ["sync", "INVENTORY_RESERVED"],
        ["gatekeeper", "PENDING"],
      ] as const) {
        assert.equal((await fleet.admin.put("/admin/gatekeeper", { mode })).status, 200);
        await eventually(async () => {
          // Round-robin, so both order processes are asked.
          const answers = [await order(), await order(), await order(), await order()];
          return answers.every(({ body }) => (body.code ?? body.status) === told);
        });
      }
      await fleet.untilAtRest(productId);
    });
  });

  test("B1: two thousand orders at once for 500 units: exactly 500 are accepted, and all of them end", async (t) => {
    const productId = await fleet.newProduct({ stock: 500 });
    const reconciling = keepReconciling();
    const begun = performance.now();
    const answers = await allBuy(fleet, productId, 2_000);
    t.diagnostic(`2,000 answers in ${Math.round(performance.now() - begun)} ms: ${JSON.stringify(tally(answers))}`);
    assert.deepEqual(tally(answers), { accepted: 500, sold_out: 1_500 });
    const paying = accepted(answers).slice(0, 40);
    await Promise.all(
      paying.map(async ({ buyer, body }) => {
        await eventually(async () => (await payOrder(buyer, body.orderId, goodCard)).status === 202);
        await fleet.untilStatus(buyer, body.orderId, "CONFIRMED");
      }),
    );
    const { sold, statuses } = await endAll(productId, answers, 500);
    t.diagnostic(`ended: ${JSON.stringify(statuses)} after ${Math.round(performance.now() - begun)} ms`);
    assert.equal(sold, paying.length);
    assert.deepEqual(statuses, { CONFIRMED: paying.length, CANCELLED: 500 - paying.length });
    t.diagnostic(`${await reconciling.stop()} reconciliations, each OK`);
    await until(async () => (await consumerLag()) === 0, { withinMs: 60_000, everyMs: 500 });
  });

  describe("processes that end under load", () => {
    test("an order and a settlement process stop in order: every request is answered, nothing is lost", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const reconciling = keepReconciling();
      const buying = keepBuying(fleet, productId, 12);
      await untilMoreAccepted(buying.soFar, 50);
      const codes = await Promise.all([fleet.member("order1").stop(), fleet.member("settlement1").stop()]);
      assert.deepEqual(codes, [0, 0], "exit codes");
      await untilMoreAccepted(buying.soFar, 100);
      // A request without any answer would have thrown here.
      const answers = await buying.stop();
      t.diagnostic(JSON.stringify(tally(answers)));
      assert.deepEqual(Object.keys(tally(answers)), ["accepted"]);
      await Promise.all([fleet.member("order1").start(), fleet.member("settlement1").start()]);
      const { statuses } = await endAll(productId, answers, 50_000);
      t.diagnostic(JSON.stringify(statuses));
      await reconciling.stop();
    });

    test("H1: a settlement process killed with -9: the other one takes its partitions, nothing is lost", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const reconciling = keepReconciling();
      const buying = keepBuying(fleet, productId, 12);
      await untilMoreAccepted(buying.soFar, 50);
      await fleet.member("settlement2").kill();
      const killed = performance.now();
      await untilMoreAccepted(buying.soFar, 50);
      const answers = await buying.stop();
      assert.deepEqual(Object.keys(tally(answers)), ["accepted"]);
      await until(async () => (await fleet.reportOf(productId)).inFlight === 0, { withinMs: 60_000, everyMs: 100 });
      t.diagnostic(
        `${accepted(answers).length} accepted; settled ${Math.round(performance.now() - killed)} ms after the kill`,
      );
      await reconciling.stop();
      await fleet.member("settlement2").start();
      await endAll(productId, answers, 50_000);
      await until(async () => (await consumerLag()) === 0, { withinMs: 60_000, everyMs: 500 });
    });

    test("H1: an order process killed with -9: every buyer who was answered 202 has an order, the others use the other process", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const reconciling = keepReconciling();
      const buying = keepBuying(fleet, productId, 12);
      await untilMoreAccepted(buying.soFar, 50);
      await fleet.member("order2").kill();
      await untilMoreAccepted(buying.soFar, 100);
      const answers = await buying.stop();
      t.diagnostic(JSON.stringify(tally(answers)));
      const others = Object.keys(tally(answers)).filter((code) => code !== "accepted" && code !== "answer_lost");
      assert.deepEqual(others, []);
      await fleet.member("order2").start();
      await endAll(productId, answers, 50_000);
      await reconciling.stop();
    });
  });
});
