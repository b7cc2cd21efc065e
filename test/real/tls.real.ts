/** The whole system on a Redis, Kafka and PostgreSQL that accept only TLS, with a login to Kafka. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Role } from "#identity";
import { createLifecycle } from "#platform/lifecycle";
import { createLog } from "#platform/log";
import { readConfig } from "../../src/config/config.ts";
import { startSystem } from "../../src/main.ts";
import { startServers } from "../servers/servers.ts";
import { createClient, crowd, type Order, type PlacedOrder } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";

const goodCard = { cardNumber: "4242424242424242" };

test("with every engine over TLS an order is accepted and confirmed", async () => {
  // Given back in the opposite order, the servers last.
  await using resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "dropgate-tls-"));
  resources.defer(() => rmSync(folder, { recursive: true, force: true }));
  const servers = await startServers({ folder, which: ["redis", "postgres", "kafka"], tls: true });
  resources.defer(() => servers.stopAll());
  const { saslBootstrap, login } = servers.kafka;
  const environment = {
    ...servers.env,
    KAFKA_BOOTSTRAP: saslBootstrap,
    KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
    KAFKA_SASL_USERNAME: login.username,
    KAFKA_SASL_PASSWORD: login.password,
    PORT: "0",
    JWT_SECRET: "a secret for tests that has more than 32 bytes",
  };
  const config = readConfig(environment, "no .env in tests");
  assert.deepEqual(config.profile, { sql: "real", gate: "real", log: "real", workflows: "embedded" });

  const log = createLog({ level: "silent" });
  const lifecycle = createLifecycle({ log });
  resources.defer(async () => assert.ok(await lifecycle.stop()));
  const { faces, port } = await startSystem(config, servers.postgres, log, lifecycle);
  const as = (user: string, role: Role) => {
    const token = faces.identity.issue({ user, role, ttlMs: 600_000 });
    return createClient(() => `http://127.0.0.1:${port}`, { authorization: `Bearer ${token}` }, crowd);
  };
  const [admin, ada] = [as("admin", "ADMIN"), as("ada", "CUSTOMER")];

  const lamp = { productId: "lamp", name: "Lamp", price: 4_900, currency: "EUR" };
  assert.equal((await admin.post("/products", lamp)).status, 201);
  const stocked = await admin.post("/inventory/lamp/restock", { quantity: 3, reason: "delivery" });
  assert.equal(stocked.status, 200, JSON.stringify(stocked.body));
  const placed = await ada.post<PlacedOrder>("/orders", { productId: "lamp", quantity: 1 });
  assert.equal(placed.status, 202, JSON.stringify(placed.body));
  const { orderId, statusUrl } = placed.body;
  assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
  await eventually(async () => (await ada.get<Order>(statusUrl)).body.status === "CONFIRMED");
});
