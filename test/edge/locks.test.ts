/**
 * Tables that an operator keeps locked: no order ends because of it, callers get an answer within seconds, and health
 * names the lock.
 */

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
type Component = { status: string; details?: { error?: string } };

describe("while an operator keeps tables locked", () => {
  let world: World;
  let operator: pg.Client;
  let pid: number;
  before(async () => {
    world = await openWorld();
  });
  beforeEach(async () => {
    await eventually(async () => (await locks()).status === "UP");
    operator = new pg.Client({ connectionString: world.databaseUrl, application_name: "psql of ann" });
    await operator.connect();
    pid = (await operator.query("select pg_backend_pid() as pid")).rows[0].pid;
    await operator.query("begin");
  });
  afterEach(() => operator.end());
  after(() => world.close());

  test("O32: orders are accepted, reads and payments are answered 503, and all of it goes on afterwards", async () => {
    const productId = await world.newProduct({ stock: 2 });
    const ada = world.as("ada");
    const before = await world.place(ada, productId);
    await world.untilStatus(ada, before.orderId, "PAYMENT_PENDING");
    await operator.query("lock table orders.orders, payment.intent, payment.payment");

    const during = await world.place(ada, productId);
    const [look, pay] = await Promise.all([
      ada.get<{ code: string }>(`/orders/${before.orderId}`),
      payOrder<{ code: string }>(ada, before.orderId, goodCard),
    ]);
    for (const answer of [look, pay]) {
      assert.deepEqual([answer.status, answer.body.code], [503, "unavailable"]);
      assert.ok(Number(answer.headers["retry-after"]) > 0);
    }
    await operator.query("rollback");

    for (const { orderId } of [before, during]) {
      await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
      assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
      await world.untilStatus(ada, orderId, "CONFIRMED");
    }
    assert.equal((await world.untilAtRest(productId)).sold, 2);
  });

  test("O32: health names who locks a table, and by which lock", async () => {
    await operator.query("lock table orders.orders in exclusive mode");
    const error = await locksSay();
    for (const part of [
      `backend ${pid} (psql of ann`,
      "idle in transaction",
      "ExclusiveLock on orders.orders",
      "since 2",
    ]) {
      assert.ok(error.includes(part), `${part} is not in: ${error}`);
    }
    await operator.query("rollback");
    await eventually(async () => (await locks()).status === "UP");
  });

  test("O32: health names the forgotten transaction that blocks settlement", async () => {
    const productId = await world.newProduct({ stock: 1 });
    await operator.query("update inventory.stock set sold = sold where product_id = $1", [productId]);
    const { orderId } = await world.place(world.as("bob"), productId);
    assert.match(await locksSay(), new RegExp(`backend ${pid} .* holds RowExclusiveLock on inventory.stock`));
    await operator.query("rollback");
    await world.untilStatus(world.as("bob"), orderId, "PAYMENT_PENDING");
  });

  test("O32: behind an ALTER that waits for a long read, health names the read", async () => {
    await operator.query("select count(*) from orders.orders");
    const altering = new pg.Client({ connectionString: world.databaseUrl, application_name: "psql of joe" });
    await altering.connect();
    const altered = altering.query("alter table orders.orders add column spare text");
    const looking = eventually(async () => (await world.as("bob").get("/orders")).status === 503);
    assert.match(await locksSay(), new RegExp(`^backend ${pid} .* holds AccessShareLock on orders.orders`));
    await looking;
    await operator.query("rollback");
    await altered;
    await altering.end();
  });

  async function locks(): Promise<Component> {
    const { body } = await world.anonymous.get<{ components: Record<string, Component> }>("/actuator/health");
    return body.components.locks as Component;
  }

  const locksSay = () => eventually(async () => (await locks()).details?.error);
});
