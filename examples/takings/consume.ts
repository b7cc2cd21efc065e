/**
 * Adds up what was paid for each product and did not go back, from the topic of orders' events. An event may come again,
 * after a crash or a rebalance, and the news of a part that went back may come after the news of the whole. So each event
 * says what is left of its order, and an order's row only ever takes the least of what it was told.
 *
 *     KAFKA_BOOTSTRAP=127.0.0.1:9092 DATABASE_URL=postgres://... node examples/takings/consume.ts
 *
 * The database is one of your own. Outside this repository: npm install @platformatic/kafka pg
 */
import { Consumer, stringDeserializers } from "@platformatic/kafka";
import pg from "pg";

/** The fields that are used here; asyncapi.json has all. New ones may come, so others are ignored. */
type Order = {
  orderId: string;
  productId: string;
  quantity: number;
  totalMinor: number;
  currency: string;
  /** Of a partial refund: what partial refunds have given back in all. */
  givenBackMinor?: number;
};

const {
  KAFKA_BOOTSTRAP = "127.0.0.1:9092",
  DATABASE_URL,
  TOPIC_ORDERS_EVENTS = "orders.events",
  GROUP = "takings",
} = process.env;

/** The units that the buyer has after the event, and the money that the shop keeps. */
const left: Record<string, (order: Order) => [units: number, minor: number]> = {
  "dropgate.order.confirmed": ({ quantity, totalMinor }) => [quantity, totalMinor],
  "dropgate.order.partly-refunded": ({ quantity, totalMinor, givenBackMinor = 0 }) => [
    quantity,
    totalMinor - givenBackMinor,
  ],
  "dropgate.order.refunded": () => [0, 0],
};

const books = new pg.Pool({ connectionString: DATABASE_URL, max: 1 });
await books.query("create schema if not exists takings");
await books.query(`create table if not exists takings.paid (
  order_id uuid primary key, product_id text not null, currency text not null, units bigint not null, total_minor bigint not null)`);
await books.query(`create table if not exists takings.product (
  product_id text, currency text, units bigint not null, total_minor bigint not null, primary key (product_id, currency))`);

/** If nothing is new in the event, the sum of its product stays as it is, and no row is returned. */
const count = `with before as (select units, total_minor from takings.paid where order_id = $1),
now as (
  insert into takings.paid as kept (order_id, product_id, currency, units, total_minor) values ($1, $2, $3, $4, $5)
  on conflict (order_id) do update
  set units = least(kept.units, excluded.units), total_minor = least(kept.total_minor, excluded.total_minor)
  returning product_id, currency, units, total_minor)
insert into takings.product as sum (product_id, currency, units, total_minor)
select product_id, currency, now.units - coalesce(before.units, 0), now.total_minor - coalesce(before.total_minor, 0)
from now left join before on true where (now.units, now.total_minor) is distinct from (before.units, before.total_minor)
on conflict (product_id, currency) do update
set units = sum.units + excluded.units, total_minor = sum.total_minor + excluded.total_minor
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
  const leftAfter = left[message.headers.get("ce_type") ?? ""];
  if (leftAfter) {
    const order = JSON.parse(message.value) as Order;
    const { orderId, productId, currency } = order;
    const values = [orderId, productId, currency, ...leftAfter(order)];
    const [sum] = (await books.query<{ units: string; total_minor: string }>(count, values)).rows;
    const id = message.headers.get("ce_id");
    console.log(sum ? `${productId}: ${sum.units} units, ${sum.total_minor} ${currency}` : `${id} changes nothing`);
  }
  // After the books: a crash before this line lets the event come again, and a crash after it loses none.
  await message.commit();
}
await consumer.close();
await books.end();
