/** A database whose owner has set another default isolation level. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PlacedOrder } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

describe("a database whose default isolation level is serializable", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
    const sql = world.system.faces.engines.sql("operator", 1);
    const [row] = await sql.query<{ name: string }>("select current_database() as name");
    await sql.query(`alter database "${row?.name}" set default_transaction_isolation = 'serializable'`);
    await world.restart();
  });
  after(() => world?.close());

  test("O15: takes a rush of orders, payments and changes of stock without a 5xx", async () => {
    const productId = await world.newProduct({ stock: 100 });
    const buyers = Array.from({ length: 60 }, (_, i) => world.as(`buyer-${i}`));
    const statuses = await Promise.all(
      buyers.map(async (buyer, i) => {
        const seen: number[] = [];
        if (i % 10 === 0) {
          const stocked = await world.admin.post(`/inventory/${productId}/restock`, { quantity: 1, reason: "test" });
          seen.push(stocked.status);
        }
        const placed = await buyer.post<PlacedOrder>("/orders", { productId, quantity: 1 });
        const card = { cardNumber: "4242424242424242" };
        await eventually(async () => {
          const { status } = await payOrder(buyer, placed.body.orderId, card);
          if (status !== 409) seen.push(status);
          return status === 202;
        });
        await world.untilStatus(buyer, placed.body.orderId, "CONFIRMED");
        return [placed.status, ...seen];
      }),
    );
    assert.deepEqual(
      statuses.flat().filter((status) => status >= 500),
      [],
    );
    await world.untilAtRest(productId);
  });
});
