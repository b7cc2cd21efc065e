/**
 * Adds up what was paid for each product, from the topic of orders' events. An event may come again, after a crash or a
 * rebalance; it counts once, because its id and its effect are one statement.
 *
 *     KAFKA_BOOTSTRAP=127.0.0.1:9092 DATABASE_URL=postgres://... node examples/takings/consume.ts
 *
 * The database is one of your own. Outside this repository: npm install @platformatic/kafka pg
 */
import { Consumer, stringDeserializers } from "@platformatic/kafka";
import pg from "pg";

/** The fields that are used here; asyncapi.json has all. New ones may come, so others are ignored. */
type Order = { orderId: string; productId: string; quantity: number; totalMinor: number; currency: string };

const {
  KAFKA_BOOTSTRAP = "127.0.0.1:9092",
  DATABASE_URL,
  TOPIC_ORDERS_EVENTS = "orders.events",
  GROUP = "takings",
} = process.env;

/** A refund takes away what the payment added. */
const signs: Record<string, number> = { "dropgate.order.confirmed": 1, "dropgate.order.refunded": -1 };

const books = new pg.Pool({ connectionString: DATABASE_URL, max: 1 });
await books.query("create schema if not exists takings");
await books.query("create table if not exists takings.event (id text primary key)");
await books.query(`create table if not exists takings.product (
  product_id text, currency text, units bigint not null, total_minor bigint not null, primary key (product_id, currency))`);

/** If the event was counted before, `fresh` is empty, and nothing is added. */
const count = `with fresh as (insert into takings.event (id) values ($1) on conflict do nothing returning id)
insert into takings.product as kept (product_id, currency, units, total_minor)
select $2, $3, $4, $5 from fresh
on conflict (product_id, currency) do update
set units = kept.units + excluded.units, total_minor = kept.total_minor + excluded.total_minor
returning units, total_minor`;

const consumer = new Consumer({
  clientId: "takings",
  groupId: GROUP,
  bootstrapBrokers: KAFKA_BOOTSTRAP.split(","),
  deserializers: stringDeserializers,
});
// A new group begins with the oldest event that the topic still has.
const stream = await consumer.consume({
  topics: [TOPIC_ORDERS_EVENTS],
  mode: "committed",
  fallbackMode: "earliest",
  autocommit: false,
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stream.close());
console.log(`reading ${TOPIC_ORDERS_EVENTS}`);

for await (const message of stream) {
  const sign = signs[message.headers.get("ce_type") ?? ""];
  if (sign !== undefined) {
    const id = message.headers.get("ce_id");
    const { productId, currency, quantity, totalMinor } = JSON.parse(message.value) as Order;
    const values = [id, productId, currency, sign * quantity, sign * totalMinor];
    const [sum] = (await books.query<{ units: string; total_minor: string }>(count, values)).rows;
    console.log(sum ? `${productId}: ${sum.units} units, ${sum.total_minor} ${currency}` : `${id} came again`);
  }
  // After the books: a crash before this line lets the event come again, and a crash after it loses none.
  await message.commit();
}
await consumer.close();
await books.end();
