import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { systemClock } from "./clock.ts";
import { actuatorRoutes, createHealth, type Health } from "./health.ts";
import { createHttp, type Http } from "./http.ts";
import { createLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";

let http: Http;
let health: Health;

beforeEach(async () => {
  const metrics = createMetrics();
  health = createHealth();
  http = await createHttp({
    log: createLog({ level: "silent" }),
    clock: systemClock,
    metrics,
    openApi: { title: "T", version: "1" },
  });
  actuatorRoutes(http, {
    health,
    metrics,
    info: () => ({ app: { name: "dropgate" } }),
    services: ["product", "order"],
  });
});
afterEach(() => http.close());

async function ask(url: string) {
  const answer = await http.inject(url);
  return { status: answer.statusCode, body: answer.json() };
}

describe("health", () => {
  test("is UP with the details of every dependency", async () => {
    health.add({ name: "db", check: async () => ({ version: 18 }) });
    const { status, body } = await ask("/actuator/health");
    assert.equal(status, 200);
    assert.equal(body.status, "UP");
    assert.deepEqual(body.components, { db: { status: "UP", details: { version: 18 } } });
  });

  test("is DOWN and 503 if one dependency is, at the common address and at its own service only", async () => {
    health.add({ name: "db", check: async () => undefined });
    health.add({
      name: "redis",
      service: "order",
      check: () => Promise.reject(new Error("connect ECONNREFUSED")),
    });
    for (const url of ["/actuator/health", "/order/actuator/health"]) {
      const { status, body } = await ask(url);
      assert.equal(status, 503, url);
      assert.deepEqual(body.components.redis, { status: "DOWN", details: { error: "connect ECONNREFUSED" } });
    }
    const { status, body } = await ask("/product/actuator/health");
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body.components), ["db"]);
  });

  test("gives a hanging dependency one second and one check, whatever the number of requests", async () => {
    let checks = 0;
    health.add({
      name: "db",
      check: () => {
        checks += 1;
        return new Promise(() => {});
      },
    });
    const answers = await Promise.all([ask("/actuator/health"), ask("/actuator/health")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503],
    );
    assert.equal(checks, 1);
  });

  test("O6: shows a dependency that only delays work, and leaves the process in its load balancer", async () => {
    health.open();
    health.add({ name: "db", check: async () => undefined });
    const cause = new Error("connect ECONNREFUSED");
    const check = () => Promise.reject(new Error("Temporal does not answer", { cause }));
    health.add({ name: "workflows", healthOnly: true, check });
    const { status, body } = await ask("/actuator/health");
    assert.equal(status, 503);
    assert.deepEqual(body.components.workflows, {
      status: "DOWN",
      details: { error: "Temporal does not answer: connect ECONNREFUSED" },
    });
    const readiness = await ask("/actuator/health/readiness");
    assert.equal(readiness.status, 200);
    assert.deepEqual(Object.keys(readiness.body.components), ["readinessState", "db"]);
  });

  test("O27: checks once for all requests within a second, because a check may write", async () => {
    let checks = 0;
    health.add({
      name: "db",
      async check() {
        checks += 1;
        return undefined;
      },
    });
    const began = performance.now();
    for (let i = 0; i < 20; i += 1) await ask("/actuator/health");
    const seconds = (performance.now() - began) / 1_000;
    assert.ok(checks <= 1 + Math.ceil(seconds), `${checks} checks in ${seconds} s`);
    await until(async () => {
      await ask("/actuator/health");
      return checks > 1;
    });
  });

  test("is live whatever its dependencies do", async () => {
    health.add({ name: "db", check: () => Promise.reject(new Error("gone")) });
    assert.deepEqual(await ask("/actuator/health/liveness"), {
      status: 200,
      body: { status: "UP", components: { livenessState: { status: "UP" } } },
    });
  });

  test("is ready between opening and draining, while its dependencies are UP", async () => {
    const readiness = async () => {
      const { status, body } = await ask("/order/actuator/health/readiness");
      const state = await ask("/order/actuator/health/readiness/readinessState");
      // Its dependencies are not asked.
      assert.equal(state.body.status, body.status === "OUT_OF_SERVICE" ? "OUT_OF_SERVICE" : "UP");
      return [status, body.status];
    };
    assert.deepEqual(await readiness(), [503, "OUT_OF_SERVICE"]);
    health.open();
    assert.deepEqual(await readiness(), [200, "UP"]);
    health.add({ name: "db", check: () => Promise.reject(new Error("gone")) });
    assert.deepEqual(await readiness(), [503, "DOWN"]);
    health.drain();
    assert.deepEqual(await readiness(), [503, "OUT_OF_SERVICE"]);
  });

  test("shows the app and its metrics", async () => {
    assert.deepEqual((await ask("/actuator/info")).body, { app: { name: "dropgate" } });
    await http.inject("/nowhere");
    const scrape = await http.inject("/product/actuator/prometheus");
    assert.match(String(scrape.headers["content-type"]), /^text\/plain/);
    assert.match(
      scrape.body,
      /dropgate_http_request_seconds_count\{method="GET",route="\/actuator\/info",status="200"\} 1/,
    );
    assert.match(scrape.body, /dropgate_http_request_seconds_count\{method="any",route="none",status="404"\} 1/);
  });
});
