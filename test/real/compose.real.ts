/**
 * The compose files, by their own settings, without a container engine: Docker Compose's library resolves them, and
 * their services run as processes (see compose-containers.ts). Then the test runs the deployment guide's commands as
 * printed. The images themselves are not tested.
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { settings } from "../../src/config/settings.ts";
import {
  createClient,
  type Order,
  type PlacedOrder,
  type Reconciliation,
  type StockSync,
  staff,
} from "../support/client.ts";
import { untilUp } from "../support/health.ts";
import { payOrder } from "../support/pay.ts";
import { until } from "../support/until.ts";
import { copyProject, type Project, resolveProject } from "./compose-config.ts";
import { type Containers, createContainers } from "./compose-containers.ts";

const elsewhere = process.platform !== "linux" && "only Linux gives every container a loopback address of its own";

const secrets = {
  JWT_SECRET: "a".repeat(64),
  POSTGRES_PASSWORD: "1234567890abcdef",
  REDIS_PASSWORD: "fedcba0987654321",
};

describe("the compose files, their services run as processes", { skip: elsewhere }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-compose-"));
  let containers: Containers;
  let allInOne: Project;
  let split: Project;

  before(async () => {
    // The one line that the guide's fourth chapter needs if there is no gateway in front.
    const project = projectFolder("trial", { ...secrets, TRUST_USER_HEADER: "true" });
    allInOne = await resolveProject(project);
    split = await resolveProject(projectFolder("production", secrets), "compose.split.yaml");
    containers = createContainers(folder);
  });
  after(async () => {
    await containers?.down(containers.names().toReversed());
    rmSync(folder, { recursive: true, force: true });
  });

  function projectFolder(name: string, env: Record<string, string>): string {
    const path = join(folder, "projects", name);
    mkdirSync(path, { recursive: true });
    copyProject(path, env);
    return path;
  }

  test("without a secret nothing starts, and the error names the missing one and what to do", async () => {
    for (const name of Object.keys(secrets)) {
      const others = Object.fromEntries(Object.entries(secrets).filter(([other]) => other !== name));
      const without = projectFolder(`without-${name}`, others);
      await assert.rejects(
        resolveProject(without),
        new RegExp(`${name} is missing a value.*first lines of compose.yaml`),
      );
    }
  });

  test("O17: one address can be reached from outside, one for operators from this machine, and every long-running service has a health check", () => {
    for (const project of [allInOne, split]) {
      const published = Object.values(project.services).flatMap(({ ports = [] }) => ports);
      assert.deepEqual(
        published.map(({ host_ip, published }) => [host_ip, published]),
        [
          [undefined, "8080"],
          ["127.0.0.1", "8081"],
        ],
      );
      for (const [name, { restart, healthcheck }] of Object.entries(project.services)) {
        if (restart) assert.ok(healthcheck, `${name} has none`);
      }
    }
  });

  test("one service builds the image of Dropgate, at every up, and no other one builds it or asks a registry for it", () => {
    for (const [project, builder] of [
      [allInOne, "dropgate"],
      [split, "gateway"],
    ] as const) {
      const ours = Object.entries(project.services).filter(([, { image }]) => image === "dropgate");
      for (const [name, { build, pull_policy }] of ours) {
        assert.deepEqual(
          [build !== undefined, pull_policy],
          name === builder ? [true, "build"] : [false, "never"],
          name,
        );
      }
      assert.ok(
        ours.some(([name, { build }]) => name === builder && existsSync(join(build?.context ?? "", "Dockerfile"))),
      );
    }
  });

  test("every variable for a process of Dropgate is an existing setting", () => {
    const engines = new Set(["POSTGRES_PASSWORD"]);
    for (const { image, environment = {} } of Object.values({ ...allInOne.services, ...split.services })) {
      if (image !== "dropgate") continue;
      for (const name of Object.keys(environment)) assert.ok(name in settings || engines.has(name), `${name} is none`);
    }
  });

  test("the profile of observability publishes to this machine alone, and its parts find each other", async () => {
    const path = projectFolder("observed", { ...secrets, PAGERDUTY_ROUTING_KEY: "key", SLACK_WEBHOOK_URL: "address" });
    const file = join(path, "compose.yaml");
    // The reader leaves out services of a profile.
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("    profiles: [observability]\n", ""));
    const { services } = await resolveProject(path);
    for (const name of ["prometheus", "alertmanager", "grafana", "jaeger"]) {
      const { ports = [], volumes = [] } = services[name] ?? assert.fail(`there is no ${name}`);
      for (const { host_ip } of ports) assert.equal(host_ip, "127.0.0.1", name);
      for (const { type, source } of volumes)
        assert.ok(type === "volume" || existsSync(source), `${source} is not there`);
    }
    const read = (name: string) => readFileSync(join(path, "deploy", name), "utf8");
    const named = [read("prometheus/prometheus.yaml"), read("grafana/provisioning/datasources/prometheus.yaml")];
    const places = [...named.join("\n").matchAll(/"(?:http:\/\/)?([a-z]+):(\d+)"/g)].map(([, host, port]) => [
      host,
      port,
    ]);
    assert.deepEqual(places.toSorted(), [
      ["alertmanager", "9093"],
      ["dropgate", "8081"],
      ["jaeger", "16686"],
      ["prometheus", "9090"],
    ]);
    for (const [host = ""] of places) assert.ok(host in services, `no container answers to ${host}`);
    // The guide's line in .env sends each process's traces to the trace store that Grafana reads.
    const traced = projectFolder("traced", { ...secrets, OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger:4318" });
    for (const file of ["compose.yaml", "compose.split.yaml"]) {
      const { services } = await resolveProject(traced, file);
      const processes = Object.values(services).filter(({ image }) => image === "dropgate");
      for (const { environment } of processes) {
        assert.equal(environment?.OTEL_EXPORTER_OTLP_ENDPOINT, "http://jaeger:4318");
      }
    }
  });

  test("both files run the same engines on the same data", () => {
    const engines = Object.entries(allInOne.services).filter(([, { image }]) => image !== "dropgate");
    for (const [name, engine] of engines) assert.deepEqual(withoutFolder(split.services[name]), withoutFolder(engine));
  });

  describe("all in one", () => {
    before(() => containers.up(allInOne));
    guide({ user: "test-user", trusted: true, healthPort: 8081 });
  });

  describe("services apart, with the same data", () => {
    before(async () => {
      await containers.down(["dropgate"]);
      await containers.up(split);
    });

    test("two processes take orders and two settle them", () => {
      const names = containers.names();
      assert.deepEqual(names.filter((name) => /^(order|settlement)/.test(name)).toSorted(), [
        "order",
        "order-2",
        "settlement-1",
        "settlement-2",
      ]);
    });

    guide({ user: "other-user", trusted: false, healthPort: 8080 });

    test("the gateway distributes orders over both order processes, and both settlement processes have partitions", async () => {
      const bearer = (await containers.exec("dropgate", "dropgate", "token", "--role", "CUSTOMER")).trim();
      const origin = `http://${containers.addressOf("dropgate")}:8080`;
      const buyer = createClient(() => origin, { authorization: `Bearer ${bearer}` }, staff);
      const answers: number[] = [];
      // A process that is too busy to answer a health check gets no order until it answers the next one.
      await until(
        async () => {
          answers.push((await buyer.post("/orders", { productId: "test-product-123", quantity: 1 })).status);
          for (const name of ["order", "order-2"]) {
            const metrics = await (await fetch(`http://${containers.addressOf(name)}:8080/actuator/prometheus`)).text();
            assert.match(metrics, /dropgate_orders_total\{answer="accepted"\} [1-9]/, name);
          }
          return true;
        },
        { everyMs: 200 },
      );
      assert.deepEqual([...new Set(answers)], [202]);
      const group = ["--describe", "--group", "order-processor-group", "--members"];
      const tool = ["kafka-consumer-groups", "--bootstrap-server", "localhost:9092", ...group];
      // While the group shares its partitions anew its members have none.
      await until(async () => (await containers.exec("kafka", ...tool)).match(/ [1-8] *$/gm)?.length === 2);
    });

    test("Dropgate's processes end in order", async () => {
      const ours = containers.names().filter((name) => !(name in allInOne.services) || name === "dropgate");
      const programs = Object.values(split.services).filter(({ command }) => command?.[0] === "start");
      assert.equal(
        ours.length,
        programs.map(({ scale = 1 }) => scale).reduce((sum, scale) => sum + scale),
      );
      await containers.down(ours);
      for (const name of ours) assert.doesNotMatch(containers.logOf(name), /close failed|stopped at once/, name);
    });
  });

  /** The chapters of the deployment guide, by its own commands. */
  function guide({ user, trusted, healthPort }: { user: string; trusted: boolean; healthPort: number }): void {
    const exec = (line: string) => containers.exec(...(line.split(" ") as [string, ...string[]]));
    const origin = () => `http://${containers.addressOf("dropgate")}:8080`;
    const operators = () => `http://${containers.addressOf("dropgate")}:8081`;
    const bearer = async (role: string, name: string) => ({
      authorization: `Bearer ${(await exec(`dropgate dropgate token --role ${role} --user ${name}`)).trim()}`,
    });

    test("redis-cli ping is answered, and Redis stores writes", async () => {
      assert.equal(await exec("redis redis-cli ping"), "PONG\n");
      const wanted = { appendonly: "yes", appendfsync: "everysec", maxmemory: String((2 << 30) >>> 0) };
      const kept = { save: "3600 1 300 100 60 10000", "maxmemory-policy": "noeviction" };
      for (const [name, value] of Object.entries({ ...wanted, ...kept })) {
        assert.equal(await exec(`redis redis-cli config get ${name}`), `${name}\n${value}\n`);
      }
    });

    test("kafka-topics lists the topics, and Kafka keeps the guide's retention", async () => {
      const topics = await exec("kafka kafka-topics --list --bootstrap-server localhost:9092");
      for (const name of ["product.events", "orders.reservations", "orders.events"]) {
        assert.ok(topics.split("\n").includes(name), `${name} is none of\n${topics}`);
      }
      const settled = (await exec("kafka cat /opt/kafka/config/server.properties")).split("\n");
      const retention = ["log.retention.hours=168", "log.retention.bytes=1073741824"];
      for (const line of [...retention, "auto.create.topics.enable=false"]) assert.ok(settled.includes(line), line);
    });

    test("O17: the public port has neither /admin nor /actuator, the operators' port has nothing else", async () => {
      for (const path of [
        "/admin/reconcile",
        "/inventory/admin/sync-redis",
        "/actuator/health",
        "/order/actuator/health",
      ]) {
        assert.equal((await fetch(origin() + path)).status, 404, path);
      }
      for (const path of ["/products", "/orders", "/inventory/test-product-123", "/openapi.json"]) {
        assert.equal((await fetch(operators() + path)).status, 404, path);
      }
    });

    test("product, inventory and order answer under the guide's names", async () => {
      for (const service of ["product", "inventory", "order"]) {
        await untilUp(`http://${containers.addressOf(service)}:${healthPort}/actuator/health`);
      }
    });

    test("sync, reconcile, a paid order, and no lag after it", async () => {
      await exec("dropgate dropgate seed");
      const admin = createClient(operators, await bearer("ADMIN", "admin"), staff);
      const sync = await admin.post<StockSync>("/inventory/admin/sync-redis");
      assert.equal(sync.status, 200);
      assert.ok(sync.body.products.some(({ productId }) => productId === "test-product-123"));
      await until(async () => (await admin.get<Reconciliation>("/admin/reconcile")).body.status === "OK");

      const byName = { "x-user-id": user };
      const shopper = createClient(origin, trusted ? byName : await bearer("CUSTOMER", user), staff);
      const order = { productId: "test-product-123", quantity: 1 };
      if (!trusted) assert.equal((await createClient(origin, byName, staff).post("/orders", order)).status, 401);
      const placed = await shopper.post<PlacedOrder>("/orders", order);
      assert.equal(placed.status, 202, JSON.stringify(placed.body));
      const { orderId } = placed.body;
      const pay = () => payOrder(shopper, orderId, { cardNumber: "4242424242424242" });
      await until(async () => (await pay()).status === 202, { everyMs: 200 });
      const statusOf = async () => (await shopper.get<Order>(`/orders/${orderId}`)).body.status;
      await until(async () => (await statusOf()) === "CONFIRMED", { everyMs: 200 });

      await until(async () => (await admin.get<Reconciliation>("/admin/reconcile")).body.status === "OK");
      const describe = "kafka-consumer-groups --bootstrap-server localhost:9092 --describe --group";
      const lags = async () => lagsOf(await exec(`kafka ${describe} order-processor-group`));
      // While the group shares its partitions anew, the tool lists only those with a committed position.
      await until(async () => {
        const all = await lags();
        assert.equal(all.length, 8);
        return all.every((lag) => lag === "0" || lag === "-");
      });
    });
  }
});

/** Each project is in a folder of its own here. */
function withoutFolder(service: unknown): unknown {
  return JSON.parse(JSON.stringify(service).replace(/"[^"]*\/projects\/[^/"]+/g, '"'));
}

/** The LAG of each partition of the orders' topic. */
function lagsOf(description: string): string[] {
  const [heading = "", ...rows] = description
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("GROUP") || line.includes("orders.reservations"));
  const column = heading.split(/ +/).indexOf("LAG");
  return rows.map((row) => row.split(/ +/)[column] ?? "");
}
