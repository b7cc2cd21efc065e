import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

const metricsText = "/actuator/prometheus";

type Health = { status: string; components: Record<string, { status: string; details?: object }>; groups?: string[] };

describe("monitoring & alerts", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  async function reading(series: string): Promise<number> {
    const { body } = await world.anonymous.get<string>(metricsText);
    const [line] = body.split(`\n${series} `).slice(1);
    assert.ok(line !== undefined, `${series} is not on the page`);
    return Number(line.split("\n")[0]);
  }

  /** A part that does not answer its check within a second counts as down, also on a busy machine. */
  function untilUp(path: string) {
    return eventually(async () => {
      const answer = await world.anonymous.get<Health>(path);
      assert.equal(answer.body.status, "UP", JSON.stringify(answer.body));
      return answer;
    });
  }

  for (const base of ["", "/product", "/inventory", "/order"]) {
    test(`${base}/actuator/health is UP in Spring's shape, with its groups`, async () => {
      const { status, body } = await untilUp(`${base}/actuator/health`);
      assert.equal(status, 200);
      assert.equal(body.status, "UP");
      assert.deepEqual(body.groups, ["liveness", "readiness"]);
      for (const [name, component] of Object.entries(body.components)) assert.equal(component.status, "UP", name);
    });

    test(`${base}/actuator/health/liveness and /readiness are UP once the system serves`, async () => {
      const liveness = await world.anonymous.get<Health>(`${base}/actuator/health/liveness`);
      assert.deepEqual(liveness.body, { status: "UP", components: { livenessState: { status: "UP" } } });
      const { status, body } = await untilUp(`${base}/actuator/health/readiness`);
      assert.equal(status, 200);
      assert.equal(body.status, "UP");
      assert.deepEqual(body.components.readinessState, { status: "UP" });
    });
  }

  test("readiness is refused while the process drains, and liveness is not", async () => {
    const { health } = world.system.faces;
    health.drain();
    const readiness = await world.anonymous.get<Health>("/actuator/health/readiness");
    assert.equal(readiness.status, 503);
    assert.equal(readiness.body.status, "OUT_OF_SERVICE");
    assert.equal((await world.anonymous.get("/actuator/health/liveness")).status, 200);
    health.open();
    await untilUp("/actuator/health/readiness");
  });

  test("the order API's latency is a histogram by route and status", async () => {
    const productId = await world.newProduct({ stock: 1 });
    await world.place(world.as("ada"), productId);
    await world.as("bob").post("/orders", { productId, quantity: 1 });
    const { status, headers, body } = await world.anonymous.get<string>(metricsText);
    assert.equal(status, 200);
    assert.match(headers["content-type"] ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(body, /^# HELP dropgate_http_request_seconds \w/m);
    assert.match(body, /^# TYPE dropgate_http_request_seconds histogram$/m);
    for (const answer of ["202", "409"]) {
      const labels = `method="POST",route="/orders",status="${answer}"`;
      assert.match(body, new RegExp(`^dropgate_http_request_seconds_bucket\\{le="0.05",${labels}\\} \\d+$`, "m"));
      assert.match(body, new RegExp(`^dropgate_http_request_seconds_count\\{${labels}\\} [1-9]`, "m"));
    }
  });

  test("health names the database, the stock gate with its switch, and the topics of the service", async () => {
    const componentsOf = async (service: string) => (await untilUp(`${service}/actuator/health`)).body.components;
    const all = await componentsOf("");
    // The data folder of the embedded database, or the database that reports may have of their own.
    const ofDatabase = world.system.faces.config.profile.sql === "embedded" ? "diskSpace" : "reports";
    const everywhere = ["consumers", "db", "deadLetters", ofDatabase, "locks", "stockGate", "workflows"];
    const ofServices = ["log:orders.reservations", "log:product.events", "paymentFindings"];
    assert.deepEqual(Object.keys(all).toSorted(), [...everywhere, ...ofServices].toSorted());
    assert.deepEqual(all.stockGate?.details, { mode: "gatekeeper", ready: true });
    assert.deepEqual(
      Object.keys(await componentsOf("/order")).toSorted(),
      [...everywhere, "log:orders.reservations"].toSorted(),
    );
    assert.deepEqual(Object.keys(await componentsOf("/inventory")).toSorted(), everywhere.toSorted());
  });

  test("the guide's other key metrics are there: lag, hit rate, reconciliation, memory", async () => {
    const productId = await world.newProduct({ stock: 1 });
    await world.place(world.as("ada"), productId);
    await world.untilAtRest(productId);
    const lag = 'dropgate_consumer_lag_records{group="order-processor-group",topic="orders.reservations"}';
    const lookups = ["stock", "price"].map((key) => `dropgate_gate_lookups_total{key="${key}",result="hit"}`);
    const lines = [lag, ...lookups, 'dropgate_orders_total{answer="accepted"}'];
    // Some figures are read by a loop, and are there from its first turn on.
    const body = await eventually(async () => {
      const { body } = await world.anonymous.get<string>(metricsText);
      for (const line of [...lines, 'dropgate_reconcile_products{status="OK"}', "process_resident_memory_bytes"]) {
        assert.ok(body.includes(`\n${line} `), `${line} is not on the page:\n${body}`);
      }
      return body;
    });
    assert.match(body, /^dropgate_reconcile_products\{status="CRITICAL"\} 0$/m);
    await eventually(async () => (await world.anonymous.get<string>(metricsText)).body.includes(`\n${lag} 0\n`));
  });

  test("orders that hold units show in sagas, holds and stock, and no longer once they are over", async () => {
    // The orders of the other tests hold fewer.
    const productId = await world.newProduct({ stock: 50 });
    const { orderId } = await world.place(world.as("eve"), productId, 50);
    await eventually(async () => (await reading("dropgate_held_units")) >= 50);
    for (const name of ['dropgate_sagas{step="awaiting_payment"}', 'dropgate_stock_units{place="held"}']) {
      await eventually(async () => (await reading(name)) >= 1);
    }
    assert.equal(await reading("dropgate_oversold_units"), 0);
    assert.equal(await reading("dropgate_hold_overdue_seconds"), 0);
    assert.equal((await world.as("eve").post(`/orders/${orderId}/cancel`)).status, 202);
    await eventually(async () => (await reading("dropgate_held_units")) < 50);
    assert.ok((await reading('dropgate_order_changes_total{status="CANCELLED"}')) >= 1);
  });

  test("every figure that needs a query is read again and again, and its age shows it", async () => {
    const figures = ["orders", "stock", "gate", "payments", "drops", "lag", "outboxes"];
    const age = (name: string) => reading(`dropgate_figures_age_seconds{figures="${name}"}`);
    // The age grows until the next reading and falls then, so it is compared with the look before, whenever that was.
    async function untilItFalls(name: string): Promise<void> {
      let before = await age(name);
      await eventually(async () => {
        const seen = await age(name);
        const fell = seen < before;
        before = seen;
        return fell;
      });
    }
    await Promise.all(figures.map(untilItFalls));
  });

  test("a scrape costs less than one hundredth of a core, also when Prometheus asks every five seconds", async () => {
    const costs: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      const before = process.cpuUsage();
      await world.system.faces.metrics.render();
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1000);
    }
    // The rest of the process works meanwhile, so the cheapest one tells what a scrape costs.
    assert.ok(Math.min(...costs) < 50, `each scrape took ${costs.join(", ")} ms of CPU time`);
  });

  test("the addresses that visitors request make no new series", async () => {
    await world.anonymous.get("/nowhere/at-all-1");
    await world.anonymous.get("/products/unknown-1");
    const { body } = await world.anonymous.get<string>(metricsText);
    assert.doesNotMatch(body, /at-all-1|unknown-1/);
  });
});
