/** A database whose owner has set another default isolation level. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Sql } from "#engines/sql";
import type { Answer, PlacedOrder } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

describe("a database whose default isolation level is serializable", () => {
  let world: World;
  let operator: Sql;
  before(async () => {
    world = await openWorld();
    const sql = world.system.faces.engines.sql("operator", 1);
    const [row] = await sql.query<{ name: string }>("select current_database() as name");
    await sql.query(`alter database "${row?.name}" set default_transaction_isolation = 'serializable'`);
    await world.restart();
    operator = world.system.faces.engines.sql("operator", 1);
  });
  after(() => world?.close());

  test("O15: takes a rush of orders, payments and changes of stock, and none of its transactions is serializable", async () => {
    const productId = await world.newProduct({ stock: 100 });
    const buyers = Array.from({ length: 60 }, (_, i) => world.as(`buyer-${i}`));
    const card = { cardNumber: "4242424242424242" };
    const seen: number[] = [];
    /** As every client does: again after a 503, which a busy machine gives. */
    const untilDone = <Given>(send: () => Promise<Answer<Given>>, ...statuses: number[]) =>
      eventually(async () => {
        const answer = await send();
        seen.push(answer.status);
        return statuses.includes(answer.status) && answer;
      });
    const rush = Promise.all(
      buyers.map(async (buyer, i) => {
        if (i % 10 === 0) {
          const key = { "idempotency-key": `restock-${i}` };
          const more = { quantity: 1, reason: "test" };
          await untilDone(() => world.admin.post(`/inventory/${productId}/restock`, more, key), 200);
        }
        const key = { "idempotency-key": `order-${i}` };
        const placed = await untilDone(() => buyer.post<PlacedOrder>("/orders", { productId, quantity: 1 }, key), 202);
        // 409: an earlier request, whose answer was a 503, has paid it.
        await untilDone(() => payOrder(buyer, placed.body.orderId, card), 202, 409);
        await world.untilStatus(buyer, placed.body.orderId, "CONFIRMED");
      }),
    );
    const [, serializable] = await Promise.all([rush, readsNotedUntil(rush)]);
    assert.equal(serializable, 0);
    assert.deepEqual(
      seen.filter((status) => status >= 500 && status !== 503),
      [],
    );
    await world.untilAtRest(productId);
  });

  /** PostgreSQL notes what a serializable transaction reads, and that of no other. */
  async function readsNotedUntil(rush: Promise<unknown>): Promise<number> {
    let [noted, isOver] = [0, false];
    const end = () => {
      isOver = true;
    };
    rush.then(end, end);
    while (!isOver) {
      const [row] = await operator.query<{ count: number }>(
        `select count(*)::int from pg_locks where mode = 'SIReadLock'
          and database = (select oid from pg_database where datname = current_database())`,
      );
      noted += row?.count ?? 0;
    }
    return noted;
  }
});
