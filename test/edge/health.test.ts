/** Health and readiness during faults that a read alone would not detect. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = "4242 4242 4242 4242";

type Health = { status: string; components: Record<string, { status: string; details?: { error?: string } }> };

describe("health", () => {
  let world: World;
  /** Opened before the fault. */
  let operator: pg.Client;
  before(async () => {
    world = await openWorld();
    operator = new pg.Client({ connectionString: world.databaseUrl });
    await operator.connect();
  });
  after(async () => {
    await operator?.end();
    await world?.close();
  });

  async function readiness(): Promise<{ status: number; body: Health }> {
    return world.anonymous.get<Health>("/actuator/health/readiness");
  }
  const health = () => world.anonymous.get<Health>("/actuator/health");
  const untilReady = () => eventually(async () => (await readiness()).status === 200);

  test("O2, O27: after a database that took no writes for a while, orders are accepted, paid and confirmed again", async () => {
    const productId = await world.newProduct({ stock: 20 });
    const ada = world.as("ada");
    const { database } = operator;
    await operator.query(`alter database ${database} set default_transaction_read_only = on`);
    // As in a failover: all connections end, and the new ones are opened while the database takes no writes.
    await operator.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
    try {
      // Accepted if the log is elsewhere, refused if it is in this database.
      const { status } = await ada.post("/orders", { productId, quantity: 1 });
      assert.ok(status === 202 || status === 503, String(status));
      const down = await eventually(async () => {
        const { status, body } = await readiness();
        return status === 503 && body.components.db?.status === "DOWN" && body;
      });
      assert.match(down.components.db?.details?.error ?? "", /takes no writes|read-only|Connection terminated|connect/);
      assert.equal((await world.anonymous.get("/actuator/health/liveness")).status, 200);
    } finally {
      await operator.query(`alter database ${database} reset all`);
    }
    await untilReady();
    const placed = await eventually(async () => {
      const answer = await ada.post<{ orderId: string }>("/orders", { productId, quantity: 1 });
      return answer.status === 202 && answer.body;
    });
    await eventually(async () => (await payOrder(ada, placed.orderId, { cardNumber: goodCard })).status === 202);
    await world.untilStatus(ada, placed.orderId, "CONFIRMED");
    await world.untilAtRest(productId);
  });

  test("O27: readiness is DOWN while the log acknowledges nothing, and UP once it works", async () => {
    const productId = await world.newProduct({ stock: 5 });
    await world.faults.loseLog();
    const ada = world.as("ada");
    const down = await eventually(async () => {
      assert.equal((await ada.post("/orders", { productId, quantity: 1 })).status, 503);
      const { status, body } = await readiness();
      return status === 503 && body;
    });
    assert.match(
      down.components["log:orders.reservations"]?.details?.error ?? "",
      /did not acknowledge the latest order/,
    );
    await world.faults.restoreLog();
    await untilReady();
    await world.place(ada, productId);
    await world.untilAtRest(productId);
  });

  test("O3: readiness is DOWN from the gate's loss of memory until it is loaded again", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const { inventory } = world.system.faces;
    // It is loaded again within moments, so this repeats until the test has seen it.
    await eventually(async () => {
      await world.faults.loseGate();
      const why = await inventory.agreement.readiness.couldTake().catch(String);
      return typeof why === "string" && /lost its memory/.test(why);
    });
    await eventually(async () => (await inventory.agreement.readiness.couldTake()).ready);
    await untilReady();
    await eventually(async () => (await inventory.agreement.readiness.notYetOnSale()).length === 0);
    await world.place(world.as("ada"), productId);
    await world.untilAtRest(productId);
  });

  test("O6: a dead letter shows in health and in the metrics, and takes no process out of its load balancer", async () => {
    const { engines } = world.system.faces;
    await engines.log.append("orders.reservations", [{ key: "rubbish", value: Buffer.from("{") }]);
    const { components } = await eventually(async () => {
      const { status, body } = await health();
      return status === 503 && body.components.deadLetters?.status === "DOWN" && body;
    });
    assert.match(components.deadLetters?.details?.error ?? "", /^1 in orders\.reservations\.dlq$/);
    await untilReady();
    await eventually(async () => {
      const { body } = await world.anonymous.get<string>("/actuator/prometheus");
      return /^dropgate_dead_letters\{topic="orders.reservations"\} 1$/m.test(body);
    });
  });

  test("O6: an operator reads a dead letter, replays it in vain, and discards both with a reason: health is UP again", async () => {
    type Letter = { letterId: number; key: string; value: string; error: string; state: string; handledBy: string };
    const { admin } = world;
    await world.system.faces.engines.log.append("orders.reservations", [{ key: "scrap", value: Buffer.from("[") }]);
    const waiting = async () => {
      const { body } = await admin.get<{ items: Letter[] }>("/admin/dead-letters?state=waiting");
      return body.items.filter(({ key }) => key === "scrap");
    };
    const [first] = await eventually(async () => {
      const found = await waiting();
      return found.length > 0 && found;
    });
    const letter = `/admin/dead-letters/${first?.letterId}`;
    const read = await admin.get<Letter>(letter);
    assert.equal(read.body.value, "[");
    assert.match(read.body.error, /JSON/);
    assert.equal((await admin.post<Letter>(`${letter}/replay`)).body.state, "replayed");
    assert.equal((await admin.post(`${letter}/replay`)).body.code, "dead_letter_handled");
    // It is as unreadable as before, so it comes back as another letter.
    await eventually(async () => (await waiting()).length === 1);
    const { body: all } = await admin.get<{ items: Letter[] }>("/admin/dead-letters?state=waiting");
    for (const { letterId } of all.items) {
      assert.equal((await admin.post(`/admin/dead-letters/${letterId}/discard`, { reason: " " })).status, 400);
      const { body } = await admin.post<Letter>(`/admin/dead-letters/${letterId}/discard`, { reason: "rubbish" });
      assert.deepEqual([body.state, body.handledBy], ["discarded", "admin"]);
    }
    await eventually(async () => (await health()).body.components.deadLetters?.status === "UP");
  });
});
