/**
 * The log loses records, is made again, has offsets without records, or records that cannot be settled: orders go on.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import { createClient as createRedis } from "@redis/client";
import { createLog } from "#platform/log";
import { openKafkaLog } from "../../src/engines/log/kafka/kafka.ts";
import { createKafkaOperator, type KafkaOperator } from "../../src/engines/log/kafka/operator.testing.ts";
import type { Bounds, EventLog, StoredRecord } from "../../src/engines/log/log.ts";
import type { Order, PlacedOrder, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { forgedReservation } from "../support/forged-reservation.ts";
import { until } from "../support/until.ts";

const topic = "orders.reservations";
const partitions = 8;
const settledStatuses = ["INVENTORY_RESERVED", "PAYMENT_PENDING"];
/** A rebuild that waits reports it after 10 s. */
const patiently = { withinMs: 60_000, everyMs: 100 };

describe("whatever happens to the log, accepted orders are settled and the shop stays open", {
  timeout: 900_000,
}, () => {
  let fleet: Fleet;
  let kafka: EventLog;
  let operator: KafkaOperator;
  before(async () => {
    fleet = await openFleet({
      members: { shop: "product,inventory,drop,order,payment,fulfilment", settlement: "settlement" },
      which: ["redis", "kafka", "postgres"],
    });
    const settings = { maxPollRecords: 100, sessionTimeoutMs: 6_000, clientId: "operator" };
    const { bootstrap } = fleet.servers.kafka;
    kafka = await openKafkaLog({ bootstrap, ...settings, log: createLog({ level: "silent" }) });
    operator = createKafkaOperator(() => bootstrap);
  });
  afterEach((context) => tellOutput(fleet, ["shop", "settlement"])(context));
  after(async () => {
    await kafka?.close();
    await fleet?.close();
  });

  const settlement = () => fleet.member("settlement");

  async function place(productId: string, orders: number): Promise<string[]> {
    const buyer = fleet.as("ada");
    const placed = await Promise.all(Array.from({ length: orders }, () => fleet.place(buyer, productId)));
    return placed.map(({ orderId }) => orderId);
  }

  async function untilSettled(orderIds: readonly string[]): Promise<void> {
    const buyer = fleet.as("ada");
    for (const orderId of orderIds) {
      await until(async () => {
        const { status, reason } = (await buyer.get<Order>(`/orders/${orderId}`)).body;
        assert.notEqual(status, "FAILED", `${orderId} failed: ${reason}`);
        return settledStatuses.includes(status);
      }, patiently);
    }
  }

  async function rebuilt(): Promise<void> {
    const { status, body } = await fleet.admin.post("/admin/sync-redis?mode=rebuild");
    assert.equal(status, 200, JSON.stringify(body));
  }

  async function emptyTheLog(): Promise<Bounds> {
    const bounds = await kafka.bounds(topic);
    await operator.deleteRecords(topic, bounds.ends);
    return bounds;
  }

  test("O21: if settlement does not advance, rebuild and switch report it with the position, and nothing is closed", async () => {
    const productId = await fleet.newProduct({ stock: 10 });
    const other = await fleet.newProduct({ stock: 10 });
    await settlement().stop();
    const orders = await place(productId, 3);
    for (const refused of [
      await fleet.admin.post<Problem & Record<string, unknown>>("/admin/sync-redis?mode=rebuild"),
      await fleet.admin.put<Problem & Record<string, unknown>>("/admin/gatekeeper", { mode: "sync" }),
    ]) {
      assert.deepEqual([refused.status, refused.body.code, refused.body.topic], [503, "not_settled", topic]);
      const { partition, settled, end } = refused.body as unknown as Record<string, number>;
      assert.ok(Number.isInteger(partition) && (settled as number) < (end as number), JSON.stringify(refused.body));
    }
    orders.push(...(await place(productId, 1)), ...(await place(other, 1)));
    await settlement().start();
    await untilSettled(orders);
    await rebuilt();
  });

  test("O21: orders whose records the log lost before they were settled are settled from the gate's records", async () => {
    const productId = await fleet.newProduct({ stock: 40 });
    await settlement().stop();
    const orders = await place(productId, 20);
    await emptyTheLog();
    // Without a settlement process too: it has no record left to read.
    await rebuilt();
    await untilSettled(orders);
    const later = await place(productId, 5);
    await emptyTheLog();
    await settlement().start();
    await untilSettled([...later, ...(await place(productId, 5))]);
    const stock = await fleet.untilAtRest(productId);
    assert.deepEqual([stock.held, stock.available], [30, 10]);
    await eventually(() => settlement().output.includes("the log lost records that were not settled"));
  });

  test("O22: transaction markers of another program at the ends of the partitions delay nothing", async () => {
    const productId = await fleet.newProduct({ stock: 5 });
    for (let partition = 0; partition < partitions; partition += 1) {
      await operator.transact(topic, { partition, key: "none", value: "no reservation" });
    }
    await rebuilt();
    const switched = await fleet.admin.put("/admin/gatekeeper", { mode: "sync" });
    assert.equal(switched.status, 200, JSON.stringify(switched.body));
    assert.equal((await fleet.admin.put("/admin/gatekeeper", { mode: "gatekeeper" })).status, 200);
    await untilSettled(await place(productId, 1));
  });

  test("O23: after the topic was made again, a settlement that lags and a Redis that loses its memory fail no order", async () => {
    const productId = await fleet.newProduct({ stock: 200 });
    const early = await place(productId, 80);
    await untilSettled(early);
    await fleet.untilAtRest(productId);
    await operator.deleteTopic(topic);
    await until(() => kafka.ensureTopics([{ name: topic, partitions }]).then(() => true), patiently);
    await untilSettled(
      await eventually(async () => {
        const { status, body } = await fleet.as("ada").post<PlacedOrder>("/orders", { productId, quantity: 1 });
        return status === 202 && [body.orderId];
      }),
    );
    settlement().signal("SIGSTOP");
    const orders = await place(productId, 60);
    const { host, port, password } = fleet.servers.redis;
    const redis = createRedis({ password, socket: { host, port } });
    await redis.connect();
    await redis.flushAll();
    redis.destroy();
    settlement().signal("SIGCONT");
    await untilSettled(orders);
    await fleet.untilAtRest(productId);
    await eventually(() => settlement().output.includes("the log is not the one that was settled before"));
  });

  describe("records that cannot be settled", () => {
    const letters: StoredRecord[] = [];
    /** The same for every partition, found by trying keys. */
    const poison: Record<string, () => { key: string; value: Buffer }> = {
      "a time that no date can hold": () => forgedReservation({ reservedAtMs: 9_000_000_000_000_000 }),
      "a number that no column can hold": () => forgedReservation({ reservationNo: 1e300 }),
      "a user of no text": () => forgedReservation({ userId: "a\u0000b" }),
      "a text of a megabyte": () => ({ key: randomUUID(), value: Buffer.alloc(1_048_400, 120) }),
    };

    before(async () => {
      await kafka.consume({
        topic: `${topic}.dlq`,
        group: "reader of dead letters",
        maxRecords: 100,
        handle: async ({ records }) => void letters.push(...records),
      });
    });

    for (const [what, make] of Object.entries(poison)) {
      test(`O25: ${what} goes to the dead letters, and the orders after it are settled`, async () => {
        const productId = await fleet.newProduct({ stock: 40 });
        const sent = Array.from({ length: 10 }, make);
        for (const record of sent) await kafka.append(topic, [record]);
        await untilSettled(await place(productId, 40));
        // By key: dead letters of the tests before may be read only now, and one may come twice.
        await until(() => sent.every(({ key }) => letters.some((letter) => letter.key === key)), patiently);
        await rebuilt();
      });
    }

    test("O25: a dead letter that is too large is kept without its value, with length, hash and place", () => {
      const [large] = letters.filter(({ headers }) => headers["dlq-value"] === "left out");
      assert.equal(large?.value.length, 0);
      assert.equal(large?.headers["dlq-value-bytes"], "1048400");
      assert.match(large?.headers["dlq-value-sha256"] ?? "", /^[0-9a-f]{64}$/);
      assert.deepEqual([large?.headers["dlq-topic"], Number(large?.headers["dlq-offset"]) >= 0], [topic, true]);
    });

    test("O36: a dead-letter topic that was deleted is made again, and the orders after it are settled", async () => {
      const productId = await fleet.newProduct({ stock: 40 });
      await operator.deleteTopic(`${topic}.dlq`);
      for (let i = 0; i < 10; i += 1) await kafka.append(topic, [{ key: randomUUID(), value: Buffer.from("{") }]);
      await untilSettled(await place(productId, 40));
      await rebuilt();
      const ends = await until(() => kafka.endOffsets(`${topic}.dlq`), patiently);
      assert.equal([...ends.values()].reduce((sum, end) => sum + end, 0n) > 0n, true);
    });
  });
});
