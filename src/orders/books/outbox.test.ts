import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "../../../test/support/database.ts";
import { outboxContract } from "../../engines/outbox/outbox.testing.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { ordersSchema } from "../orders.ts";
import { orderOutbox, type QueuedEvents, queueEvents, readQueuedIds } from "./outbox.ts";

const order = { orderId: "o", userId: "u", productId: "p", quantity: 1, totalMinor: 1, currency: "EUR" };

outboxContract<QueuedEvents>({
  module: ordersSchema,
  shape: orderOutbox,
  eventOf(id) {
    const data = { ...order, status: "CONFIRMED", reason: null };
    return { id, type: "dropgate.order.confirmed", time: "2030-01-01T00:00:00.000Z", data };
  },
  insert: "insert into orders.outbox (events) values ($1::jsonb)",
});

test("the events of one order that the log lacks are found in each form in which the outbox keeps them", async () => {
  const database = await openTestDatabase();
  const { sql, url } = database;
  await migrate({ url, modules: [ordersSchema] });
  const settled = { statuses: ["INVENTORY_RESERVED", "PAYMENT_PENDING"] as const, time: "2030-01-01T00:00:00.000Z" };
  const ended = { id: "o:CANCELLED", type: "dropgate.order.cancelled", time: settled.time } as const;
  await sql.transaction(async (tx) => {
    await queueEvents(tx, [
      { ...settled, data: { ...order, reason: null } },
      { ...settled, data: { ...order, orderId: "other", reason: null } },
    ]);
    await queueEvents(tx, [{ ...ended, data: { ...order, status: "CANCELLED", reason: "cancelled" } }]);
  });
  const ids = await readQueuedIds(sql, "o");
  assert.deepEqual(ids.toSorted(), ["o:CANCELLED", "o:INVENTORY_RESERVED", "o:PAYMENT_PENDING"]);
  await database.close();
});
