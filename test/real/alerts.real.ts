/** Alerts on real Prometheus and Alertmanager: each set meets a real fault, pages, and ends with it. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import pg from "pg";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { until } from "../support/until.ts";
import { type Monitoring, openMonitoring, type Page } from "./monitoring-stage.ts";

const symptoms = ["DropgateDropErrors", "DropgateDropNotSelling", "DropgateAvailabilityBurnsFast"];

/** Far above the windows of the shortened rules, also on a busy machine. */
const patience = { withinMs: 120_000, everyMs: 500 };

describe("alerts on a running system", { timeout: 900_000 }, () => {
  let fleet: Fleet;
  let monitoring: Monitoring;
  let productId: string;
  let stopBuying: () => Promise<void>;
  before(async () => {
    fleet = await openFleet({ which: ["redis", "postgres"] });
    monitoring = await openMonitoring(fleet.origin);
    productId = await fleet.newProduct({ stock: 100_000 });
    await openDrop();
    stopBuying = keepBuying();
    await until(async () => (await monitoring.query("dropgate:drop_live:bool == 1")).length > 0, patience);
  });
  afterEach((context) => tellOutput(fleet, ["all"])(context));
  after(async () => {
    await stopBuying?.();
    await monitoring?.close();
    await fleet?.close();
  });

  async function openDrop(): Promise<void> {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const window = { opensAt: at(-1_000), closesAt: at(3_600_000), zone: "Europe/Berlin" };
    const drop = { dropId: "lamps", name: "Lamps", ...window, products: [{ productId, label: "M" }] };
    assert.equal((await fleet.admin.post("/drops", drop)).status, 201);
    const scheduled = await fleet.admin.post("/drops/lamps/schedule", {});
    assert.equal(scheduled.status, 200, JSON.stringify(scheduled.body));
  }

  /** One buyer after another, whatever the answer. */
  function keepBuying(): () => Promise<void> {
    let stopped = false;
    async function buy(): Promise<void> {
      const buyer = fleet.as("ada");
      while (!stopped) {
        await buyer.post("/orders", { productId, quantity: 1 }).catch(() => {});
        await sleep(50);
      }
    }
    const buying = buy();
    return async () => {
      stopped = true;
      await buying;
    };
  }

  async function askRedis(...command: string[]): Promise<void> {
    const { host, port, password } = fleet.servers.redis;
    const client = createClient({ password, socket: { host, port: Number(port), reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    await client.sendCommand(command).finally(() => client.destroy());
  }

  async function askBooks(...statements: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: fleet.servers.postgres.url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  const fires = (name: string) => until(async () => (await monitoring.firing()).has(name), patience);
  const ends = (...names: string[]) =>
    until(async () => {
      const firing = await monitoring.firing();
      return names.every((name) => !firing.has(name));
    }, patience);
  const page = (to: Page["to"], alert: string, action: string) =>
    until(
      () => monitoring.pages.find((one) => one.to === to && one.alert === alert && one.action === action),
      patience,
    );

  test("nothing fires while a drop sells", async () => {
    await until(async () => (await monitoring.query("dropgate:accept_requests:rate5m > 0")).length > 0, patience);
    // A busy machine is slow, and other alerts are for that.
    const firing = await monitoring.firing();
    for (const name of [...symptoms, "DropgateRedisMemory", "DropgateOversold"]) assert.ok(!firing.has(name), name);
  });

  test("a full Redis pages once, as the cause of what buyers and the drop's budget feel, until it has room again", async () => {
    await askRedis("CONFIG", "SET", "maxmemory", "1");
    try {
      await fires("DropgateRedisMemory");
      const { body } = await page("pagerduty", "DropgateRedisMemory", "trigger");
      assert.match(body, /docs\/runbooks\/DropgateRedisMemory\.md/);
      for (const name of symptoms) await fires(name);
      await until(async () => {
        const held = await monitoring.inhibited();
        return symptoms.every((name) => held.has(name));
      }, patience);
    } finally {
      await askRedis("CONFIG", "SET", "maxmemory", "0");
    }
    await ends("DropgateRedisMemory", ...symptoms);
    await page("pagerduty", "DropgateRedisMemory", "resolve");
  });

  test("units that never came in page at once, and no more once the books are right again", async () => {
    await askBooks(
      "alter table inventory.stock drop constraint committed_within_stock",
      `update inventory.stock set total_in = total_in - 100000 where product_id = '${productId}'`,
    );
    await fires("DropgateOversold");
    assert.match((await page("pagerduty", "DropgateOversold", "trigger")).body, /never came in/);
    await page("slack", "DropgateOversold", "FIRING");
    await askBooks(
      `update inventory.stock set total_in = total_in + 100000 where product_id = '${productId}'`,
      "alter table inventory.stock add constraint committed_within_stock check (committed between 0 and total_in)",
    );
    await ends("DropgateOversold");
    await page("pagerduty", "DropgateOversold", "resolve");
  });

  test("a process that does not answer pages, until it answers again", async () => {
    fleet.member("all").signal("SIGSTOP");
    try {
      await fires("DropgateDown");
      await page("pagerduty", "DropgateDown", "trigger");
    } finally {
      fleet.member("all").signal("SIGCONT");
    }
    await ends("DropgateDown");
  });

  test("each query of each dashboard finds series", async () => {
    const empty: string[] = [];
    for (const { where, expression } of queriesOfDashboards()) {
      const found = await until(async () => (await monitoring.query(expression)).length > 0, {
        withinMs: 30_000,
        everyMs: 500,
      }).catch(() => false);
      if (!found) empty.push(`${where}: ${expression}`);
    }
    assert.deepEqual(empty, []);
  });
});

type Panel = { title: string; targets?: { expr: string }[] };

function queriesOfDashboards(): { where: string; expression: string }[] {
  const files = globSync("deploy/grafana/dashboards/*.json");
  assert.equal(files.length, 4);
  return files.flatMap((file) =>
    (JSON.parse(readFileSync(file, "utf8")) as { panels: Panel[] }).panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        where: `${file}, ${title}`,
        expression: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
      })),
    ),
  );
}
