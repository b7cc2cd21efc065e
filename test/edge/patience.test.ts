/** A promised order lasts until its deadline, through every outage meanwhile. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Sql } from "#engines/sql";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };

/** The fifth failure was the last one in earlier versions; the sixth comes about nine seconds after the first. */
const moreThanAFew = 6;

describe("an accepted order", { concurrency: true }, () => {
  let world: World;
  let sql: Sql;
  before(async () => {
    world = await openWorld();
    sql = world.system.faces.engines.sql("test", 2);
  });
  after(() => world.close());

  test("O1: waits for a payment that cannot be opened, and is confirmed when it is paid", async () => {
    await failFor("ada");
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    await eventually(async () => (await failures()) >= moreThanAFew);
    const { body: waiting } = await ada.get<{ status: string }>(`/orders/${orderId}`);
    assert.equal(waiting.status, "INVENTORY_RESERVED");
    await sql.query("drop trigger away on payment.intent");
    assert.equal((await ada.post(`/orders/${orderId}/payment`, goodCard)).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  for (const [how, end] of [
    ["cancelled", (run: string) => DBOS.cancelWorkflow(run)],
    ["deleted", (run: string) => DBOS.deleteWorkflows([run])],
  ] as const) {
    test(`O31: whose workflow an operator has ${how} is confirmed soon after it is paid`, async () => {
      const productId = await world.newProduct({ stock: 1 });
      const bob = world.as(`bob-${how}`);
      const { orderId } = await world.place(bob, productId);
      await world.untilStatus(bob, orderId, "PAYMENT_PENDING");
      await end(`order-${orderId}`);
      assert.equal((await bob.post(`/orders/${orderId}/payment`, goodCard)).status, 202);
      // Its payBy is a quarter of an hour away, and `untilStatus` waits for seconds.
      await world.untilStatus(bob, orderId, "CONFIRMED");
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });
  }

  /** Makes the payment tables fail for this buyer's orders, as if they were down; each failure is counted. */
  async function failFor(user: string): Promise<void> {
    await sql.query("create sequence payment.failures");
    await sql.query(
      `create function payment.away() returns trigger language plpgsql as $$
         begin perform nextval('payment.failures'); raise undefined_table; end $$`,
    );
    await sql.query(
      `create trigger away before insert on payment.intent
         for each row when (new.user_id = '${user}') execute function payment.away()`,
    );
  }

  async function failures(): Promise<number> {
    const [row] = await sql.query<{ count: number }>(
      "select case when is_called then last_value else 0 end as count from payment.failures",
    );
    return row?.count ?? 0;
  }
});
