/** Reports from a streaming replica that is paused: its reads are old, and no other read may be. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import type { Role } from "#identity";
import { createLifecycle } from "#platform/lifecycle";
import { createLog } from "#platform/log";
import { readConfig } from "../../src/config/config.ts";
import { startSystem } from "../../src/main.ts";
import { startReplica } from "../servers/postgres-replica.ts";
import { startServers } from "../servers/servers.ts";
import {
  type Client,
  createClient,
  crowd,
  type Order,
  type PlacedOrder,
  type Reconciliation,
} from "../support/client.ts";
import { eventually } from "../support/eventually.ts";

test("an ADMIN's list of all orders comes from the replica; customers and reconcile read the primary", async () => {
  // Given back in the opposite order.
  await using resources = new AsyncDisposableStack();
  const [folder, replicaFolder] = [temporaryFolder(resources), temporaryFolder(resources)];
  const servers = await startServers({ folder, which: ["postgres"] });
  resources.defer(() => servers.stopAll());
  const replica = await startReplica(servers.postgres.url, replicaFolder);
  resources.defer(() => replica.stop());

  const environment = {
    ...servers.env,
    REPORTS_DATABASE_URL: replica.url,
    PORT: "0",
    DATA_DIR: folder,
    JWT_SECRET: "a secret for tests that has more than 32 bytes",
  };
  const log = createLog({ level: "silent" });
  const lifecycle = createLifecycle({ log });
  resources.defer(async () => assert.ok(await lifecycle.stop()));
  const config = readConfig(environment, "no .env in tests");
  const { faces, port } = await startSystem(config, servers.postgres, log, lifecycle);
  const as = (user: string, role: Role) => {
    const token = faces.identity.issue({ user, role, ttlMs: 600_000 });
    return createClient(() => `http://127.0.0.1:${port}`, { authorization: `Bearer ${token}` }, crowd);
  };
  const [admin, ada, bob] = [as("admin", "ADMIN"), as("ada", "CUSTOMER"), as("bob", "CUSTOMER")];

  await admin.post("/products", { productId: "lamp", name: "Lamp", price: 4_900, currency: "EUR" });
  await admin.post("/inventory/lamp/restock", { quantity: 10, reason: "delivery" });
  const first = await placeAndSettle(ada);
  await eventually(async () => (await idsSeenBy(admin)).includes(first));

  await ask(replica.url, "select pg_wal_replay_pause()");
  const isPaused = "select pg_get_wal_replay_pause_state() as state";
  await eventually(async () => (await ask(replica.url, isPaused))[0]?.state === "paused");
  const second = await placeAndSettle(bob);
  assert.deepEqual(await idsSeenBy(bob), [second], "bob does not see what he has written");
  assert.deepEqual(await idsSeenBy(ada), [first]);
  assert.deepEqual(await idsSeenBy(admin), [first], "the list of all orders was read from the primary");
  await eventually(async () => {
    const { body } = await admin.get<Reconciliation>("/admin/reconcile");
    const [lamp] = body.products;
    return body.status === "OK" && lamp?.held === 2 && lamp.inFlight === 0;
  });

  await ask(replica.url, "select pg_wal_replay_resume()");
  await eventually(async () => (await idsSeenBy(admin)).length === 2);
  const { body } = await admin.get<Page>("/orders");
  assert.deepEqual(
    body.orders.map(({ orderId, userId }) => [orderId, userId]),
    [
      [second, "bob"],
      [first, "ada"],
    ],
  );
});

function temporaryFolder(resources: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-reports-"));
  resources.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Page = { orders: (Order & { userId?: string })[]; nextCursor?: string };

async function idsSeenBy(client: Client): Promise<string[]> {
  const { status, body } = await client.get<Page>("/orders");
  assert.equal(status, 200, JSON.stringify(body));
  return body.orders.map(({ orderId }) => orderId);
}

async function placeAndSettle(client: Client): Promise<string> {
  const { status, body } = await client.post<PlacedOrder>("/orders", { productId: "lamp", quantity: 1 });
  assert.equal(status, 202, JSON.stringify(body));
  await eventually(async () => (await client.get<Order>(body.statusUrl)).body.status === "PAYMENT_PENDING");
  return body.orderId;
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  return (await client.query(text).finally(() => client.end())).rows;
}
