import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { settings } from "../../src/config/settings.ts";
import { openWorld, type World } from "../support/world.ts";

describe("1. infrastructure setup", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { TOPIC_ORDERS_EVENTS: "shop.orders" } });
  });
  after(() => world.close());

  test("the topics exist once the system runs, each with its dead letters, under the configured names", async () => {
    const topics = await world.system.faces.engines.log.topics();
    for (const name of ["product.events", "orders.reservations", "shop.orders"]) {
      assert.ok(topics.includes(name), `${name} is none of ${topics}`);
      assert.ok(topics.includes(`${name}.dlq`), `${name}.dlq is none of ${topics}`);
    }
    assert.ok(!topics.includes("orders.events"));
  });

  test("info names the engine of each part", async () => {
    const { status, body } = await world.anonymous.get<Info>("/actuator/info");
    assert.equal(status, 200);
    assert.deepEqual(body.engines.profile, world.system.faces.config.profile);
    assert.deepEqual(Object.keys(body.engines.profile).toSorted(), ["gate", "log", "sql", "workflows"]);
  });

  test("every setting of the guide exists, and the address of an engine selects it", () => {
    const named = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "KAFKA_BOOTSTRAP", "DATABASE_URL", "TEMPORAL_ADDRESS"];
    const topics = ["TOPIC_PRODUCT_EVENTS", "TOPIC_ORDERS_RESERVATIONS", "TOPIC_ORDERS_EVENTS"];
    const databases = ["CATALOG_DATABASE_URL", "INVENTORY_DATABASE_URL", "ORDERS_DATABASE_URL", "PAYMENT_DATABASE_URL"];
    for (const name of [...named, ...topics, ...databases, "TEMPORAL_TASK_QUEUE_FULFILMENT"]) {
      assert.ok(Object.hasOwn(settings, name), `${name} is no setting`);
    }
    const addresses = {
      DATABASE_URL: "postgresql://shop@db/shop",
      REDIS_HOST: "redis",
      KAFKA_BOOTSTRAP: "kafka:9092",
      TEMPORAL_ADDRESS: "temporal:7233",
    };
    const { profile } = readConfig({ JWT_SECRET: "x".repeat(32), ...addresses }, "no .env in tests");
    assert.deepEqual(profile, { sql: "real", gate: "real", log: "real", workflows: "real" });
  });
});

type Info = { engines: { profile: Record<string, string> } };
