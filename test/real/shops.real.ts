/**
 * A second installation on the servers of the first: refused without a name, and running beside it with a name of its
 * own.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { createClient as createRedis } from "@redis/client";
import pg from "pg";
import { createLog } from "#platform/log";
import { openKafkaLog } from "../../src/engines/log/kafka/kafka.ts";
import type { StoredRecord } from "../../src/engines/log/log.ts";
import { shopHeader } from "../../src/engines/shop/shop.ts";
import { startServers } from "../servers/servers.ts";
import { createClient, type Order, type PlacedOrder, staff } from "../support/client.ts";
import { type Command, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { freePort } from "../support/free-port.ts";
import { payOrder } from "../support/pay.ts";

const goodCard = { cardNumber: "4242424242424242" };

describe("two shops on the same servers", { timeout: 1_200_000 }, () => {
  let fleet: Fleet;
  let books: pg.Client;
  let second: string;
  const running: Command[] = [];
  before(async () => {
    fleet = await openFleet();
    books = new pg.Client({ connectionString: fleet.servers.postgres.url });
    await books.connect();
    second = await newDatabase("second");
    mkdirSync(`${fleet.folder}/second`);
  });
  after(async () => {
    for (const command of running) command.kill("SIGKILL");
    await Promise.all(running.map((command) => command.ended));
    await books?.end();
    await fleet?.close();
  });

  async function newDatabase(name: string): Promise<string> {
    await books.query(`create database ${name}`);
    const url = new URL(fleet.servers.postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async function start(change: Record<string, string>): Promise<Command> {
    const settings = { ...fleet.environment, DATABASE_URL: second, PORT: String(await freePort()), ...change };
    const command = runCommand(`${fleet.folder}/second`, ["start"], settings);
    running.push(command);
    return command;
  }

  async function idOf(database: string): Promise<string> {
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    const { rows } = await client.query("select id from shop.identity");
    await client.end();
    return rows[0].id;
  }

  const refusals = [
    [
      "Kafka",
      { REDIS_HOST: "", TEMPORAL_ADDRESS: "" },
      "Kafka's topic product.events",
      /kafka-topics --bootstrap-server \S+:\d+ --delete --topic product\.events\.shop/,
    ],
    [
      "Redis",
      { KAFKA_BOOTSTRAP: "", TEMPORAL_ADDRESS: "" },
      "This Redis's stock gate",
      /REDISCLI_AUTH=\$REDIS_PASSWORD redis-cli -h \S+ -p \d+ del g:shop/,
    ],
    [
      "Temporal",
      { KAFKA_BOOTSTRAP: "", REDIS_HOST: "" },
      "Temporal's task queue fulfilment",
      /temporal --address \S+:\d+ --namespace default workflow terminate/,
    ],
    ["all", {}, "Kafka's topic product.events", /kafka-topics/],
  ] as const;

  for (const [shared, change, what, release] of refusals) {
    test(`O24: a second installation on the first one's ${shared} does not start, and names the first and SHOP`, async () => {
      const command = await start(change);
      assert.equal(await command.ended, 1);
      const first = await idOf(fleet.servers.postgres.url);
      assert.ok(command.output.includes(`${what} belongs to another shop: ${first}`), command.output);
      assert.match(command.output, /its books in dropgate at 127\.0\.0\.1:\d+/);
      assert.match(command.output, /Set SHOP to a short name/);
      assert.match(command.output, release, "the command that frees it names its server");
    });
  }

  test("O24: the first shop's orders go on to their end beside the refused starts", async () => {
    const productId = await fleet.newProduct({ stock: 20 });
    const buyer = fleet.as("ada");
    const orders: PlacedOrder[] = [];
    const intruder = await start({});
    for (let i = 0; i < 20; i += 1) orders.push(await fleet.place(buyer, productId));
    assert.equal(await intruder.ended, 1);
    for (const { orderId } of orders) await fleet.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    const { rows } = await books.query("select count(*)::int as fenced from orders.orders where reason = 'fenced'");
    assert.equal(rows[0].fenced, 0);
  });

  test("O24: with a SHOP of its own the second runs beside the first, with the same product ids and keys", async () => {
    const command = await start({ SHOP: "staging" });
    const origin = await command.untilUp();
    const authorization = { authorization: `Bearer ${fleet.token("admin", "ADMIN")}` };
    const other = createClient(() => origin, authorization, staff);
    const productId = await fleet.newProduct({ productId: "lamp", stock: 5 });
    const made = await other.post("/products", { productId, name: "lamp", price: 7, currency: "EUR" });
    assert.equal(made.status, 201);
    await other.post(`/inventory/${productId}/restock`, { quantity: 3, reason: "test" });

    const key = { "idempotency-key": "the-same-key-in-both" };
    const place = (client: typeof other) =>
      eventually(async () => {
        const answer = await client.post<PlacedOrder>("/orders", { productId, quantity: 1 }, key);
        return answer.status === 202 && answer.body;
      });
    const [here, there] = [await place(fleet.admin), await place(other)];
    assert.equal(here.orderId, there.orderId, "the id is made from product, user and key");
    assert.deepEqual([here.total, there.total], [1_999, 7]);
    const both = [fleet.admin, other];
    for (const client of both) {
      const path = `/orders/${here.orderId}`;
      await eventually(async () => (await client.post(`${path}/payment`, goodCard)).status === 202);
      await eventually(async () => (await client.get<Order>(path)).body.status === "CONFIRMED");
    }
    const { host, port, password } = fleet.servers.redis;
    const redis = createRedis({ password, socket: { host, port } });
    await redis.connect();
    assert.deepEqual(
      [await redis.hGet("g:{lamp}", "sellable"), await redis.hGet("staging:g:{lamp}", "sellable")],
      ["4", "2"],
    );
    redis.destroy();
    for (const client of both) assert.equal((await client.get("/admin/reconcile")).body.status, "OK");
  });

  test("O24: another shop's record in our topic goes to our dead letters and not into our books", async () => {
    const productId = await fleet.newProduct({ stock: 5 });
    const log = createLog({ level: "silent" });
    const settings = { maxPollRecords: 100, sessionTimeoutMs: 6_000, clientId: "stranger", log };
    const kafka = await openKafkaLog({ bootstrap: fleet.servers.kafka.bootstrap, ...settings });
    const found: StoredRecord[] = [];
    const reader = await kafka.consume({
      topic: "orders.reservations.dlq",
      group: "stranger",
      maxRecords: 100,
      handle: async ({ records }) => void found.push(...records),
    });
    const { orderId } = await fleet.place(fleet.as("ada"), productId);
    const ours: StoredRecord[] = [];
    const watcher = await kafka.consume({
      topic: "orders.reservations",
      group: "watcher",
      maxRecords: 100,
      handle: async ({ records }) => void ours.push(...records),
    });
    const record = await eventually(() => ours.find(({ key }) => key === orderId));
    assert.equal(record.headers[shopHeader], await idOf(fleet.servers.postgres.url));

    const foreignId = `${orderId.slice(0, -4)}ffff`;
    const value = Buffer.from(record.value.toString().replaceAll(orderId, foreignId));
    const headers = { ...record.headers, [shopHeader]: "00000000-0000-4000-8000-00000000000f" };
    await kafka.append("orders.reservations", [{ key: foreignId, value, headers }]);
    const dead = await eventually(() => found.find(({ key }) => key === foreignId));
    assert.match(dead.headers["dlq-error"] ?? "", /another shop's: 0{8}-/);
    const { rows } = await books.query("select 1 from orders.orders where order_id = $1", [foreignId]);
    assert.equal(rows.length, 0);
    await reader.close();
    await watcher.close();
    await kafka.close();
    await fleet.untilAtRest(productId);
  });

  test("O24: the first shop starts again on its own servers, even after others tried to use them", async () => {
    await fleet.member("all").stop();
    await fleet.member("all").start();
    assert.equal((await fleet.reconcile()).status, "OK");
  });

  test("O34: a process of the first shop without REDIS_HOST does not start beside it, and no order is broken", async () => {
    const command = await start({ DATABASE_URL: fleet.environment.DATABASE_URL as string, REDIS_HOST: "" });
    assert.equal(await command.ended, 1);
    assert.match(command.output, /REDIS_HOST: this process has gate memory, and the shop gate Redis at 127/);
  });

  test("O34: nor does one whose REDIS_HOST or KAFKA_BOOTSTRAP leads to another server", async () => {
    mkdirSync(`${fleet.folder}/other`);
    const others = await startServers({ folder: `${fleet.folder}/other`, which: ["redis", "kafka"] });
    try {
      const { REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, KAFKA_BOOTSTRAP } = others.env as Record<string, string>;
      const DATABASE_URL = fleet.environment.DATABASE_URL as string;
      const elsewhere = [
        [{ REDIS_HOST, REDIS_PORT, REDIS_PASSWORD }, /has the shop's gate at .* another server: .* same REDIS_HOST/],
        [{ KAFKA_BOOTSTRAP }, /has the shop's log at .* another server: .* same KAFKA_BOOTSTRAP/],
      ] as const;
      for (const [change, says] of elsewhere) {
        const command = await start({ DATABASE_URL, ...(change as Record<string, string>) });
        assert.equal(await command.ended, 1);
        assert.match(command.output, says);
      }
    } finally {
      await others.stopAll();
    }
  });

  test("O34: a second process with the same settings starts, also after Redis was killed and the first found it again", async () => {
    await fleet.servers.redis.kill("SIGKILL");
    await fleet.servers.redis.start();
    const command = await start({ DATABASE_URL: fleet.environment.DATABASE_URL as string });
    await command.untilUp();
    command.kill("SIGTERM");
    assert.equal(await command.ended, 0, command.output);
  });

  test("O34: a shop moves from engines of its own to Redis and Kafka and back by a command, with its orders", async () => {
    const own = { SHOP: "third", DATABASE_URL: await newDatabase("third"), TEMPORAL_ADDRESS: "" };
    const embedded = { ...own, REDIS_HOST: "", KAFKA_BOOTSTRAP: "" };
    const productId = "desk";
    const orders: string[] = [];
    for (const [round, settings] of [embedded, own, embedded].entries()) {
      if (round > 0) {
        const early = await start(settings);
        assert.equal(await early.ended, 1);
        assert.match(early.output, /dropgate engines --adopt/);
        const moved = runCommand(`${fleet.folder}/second`, ["engines", "--adopt"], {
          ...fleet.environment,
          ...settings,
        });
        assert.equal(await moved.ended, 0, moved.output);
      }
      const command = await start(settings);
      const origin = await command.untilUp();
      const shop = createClient(() => origin, { authorization: `Bearer ${fleet.token("admin", "ADMIN")}` }, staff);
      if (round === 0) await shop.post("/products", { productId, name: productId, price: 5, currency: "EUR" });
      await shop.post(`/inventory/${productId}/restock`, { quantity: 2, reason: "test" });
      const placed = await eventually(async () => {
        const answer = await shop.post<PlacedOrder>("/orders", { productId, quantity: 1 });
        return answer.status === 202 && answer.body;
      });
      orders.push(placed.orderId);
      await eventually(async () => (await payOrder(shop, placed.orderId, goodCard)).status === 202);
      for (const orderId of orders) {
        await eventually(async () => (await shop.get<Order>(`/orders/${orderId}`)).body.status === "CONFIRMED");
      }
      await eventually(async () => (await shop.get("/admin/reconcile")).body.status === ("OK" as never));
      command.kill("SIGTERM");
      assert.equal(await command.ended, 0, command.output);
    }
  });
});
