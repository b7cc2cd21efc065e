/** A promised order lasts until its deadline, through every outage meanwhile. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Sql } from "#engines/sql";
import { eventually } from "../support/eventually.ts";
import { holdConfirmations } from "../support/hold-confirmations.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };

/** The fifth failure was the last one in earlier versions. */
const moreThanAFew = 6;

describe("an accepted order", () => {
  let world: World;
  let sql: Sql;
  before(async () => {
    world = await openWorld();
    sql = world.system.faces.engines.sql("test", 2);
  });
  after(() => world.close());

  test("O1: waits while its payment cannot be opened, and is confirmed when it is paid", async () => {
    await failFor("ada");
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    for (let i = 0; i < moreThanAFew; i += 1) {
      assert.ok((await ada.post(`/orders/${orderId}/payment`, goodCard)).status >= 500);
    }
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    await sql.query("drop trigger away on payment.intent");
    assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
  });

  for (const [how, end] of [
    ["cancelled", (run: string) => DBOS.cancelWorkflow(run)],
    ["deleted", (run: string) => DBOS.deleteWorkflows([run])],
  ] as const) {
    test(`O31: that is paid is confirmed soon after an operator has ${how} its run`, async () => {
      const productId = await world.newProduct({ stock: 1 });
      const bob = world.as(`bob-${how}`);
      const { orderId } = await world.place(bob, productId);
      const hold = await holdConfirmations(sql, orderId);
      assert.equal((await payOrder(bob, orderId, goodCard)).status, 202);
      await end(await eventually(() => openRunOf(orderId)));
      await hold.end();
      // Its payBy is a quarter of an hour away, and `untilStatus` waits for seconds.
      await world.untilStatus(bob, orderId, "CONFIRMED");
      assert.equal((await world.untilAtRest(productId)).sold, 1);
    });
  }

  async function openRunOf(orderId: string): Promise<string | undefined> {
    const open = await DBOS.listWorkflows({ status: "PENDING" });
    return open.find(({ input }) => JSON.stringify(input).includes(orderId))?.workflowID;
  }

  /** Makes the payment tables fail for this buyer's orders, as if they were down. */
  async function failFor(user: string): Promise<void> {
    await sql.query(
      "create function payment.away() returns trigger language plpgsql as $$ begin raise undefined_table; end $$",
    );
    await sql.query(
      `create trigger away before insert on payment.intent
         for each row when (new.user_id = '${user}') execute function payment.away()`,
    );
  }
});
