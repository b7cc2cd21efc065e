import { outboxContract } from "../engines/outbox/outbox.testing.ts";
import { ordersSchema } from "./orders.ts";
import { orderOutbox, type QueuedEvents } from "./outbox.ts";

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
