/**
 * Accepts orders in LimitedCart's way, written anew: each order reads the price in Redis, takes its unit by a script,
 * inserts a row, sends its event without waiting for the acknowledgement, and is answered 202; a consumer starts one
 * workflow for each. It loses orders when Kafka dies and units when PostgreSQL does: a baseline of speed, not of promises.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { createClient } from "@redis/client";
import pg from "pg";
import { openOnTemporal } from "./engines.ts";
import { openSteps } from "./steps.ts";

const { NAIVE_DATABASE_URL = "", KAFKA_BOOTSTRAP = "", REDIS_HOST = "", TEMPORAL_ADDRESS = "" } = process.env;
const topic = "limited-cart.orders";
const connections = 10;
const plenty = 100_000_000;
const takeUnit = `local left = tonumber(redis.call('get', KEYS[1]) or '0')
if left < tonumber(ARGV[1]) then return -1 end
return redis.call('decrby', KEYS[1], ARGV[1])`;

const redis = createClient({
  socket: { host: REDIS_HOST, port: Number(process.env.REDIS_PORT) },
  ...(process.env.REDIS_PASSWORD && { password: process.env.REDIS_PASSWORD }),
});
await redis.connect();
await redis.mSet({ "limited-cart:price": "4900", "limited-cart:stock": String(plenty) });
const script = await redis.scriptLoad(takeUnit);

const { steps, close } = await openSteps(NAIVE_DATABASE_URL);
const pool = new pg.Pool({ connectionString: NAIVE_DATABASE_URL, max: connections });
await pool.query("create table naive.placed (order_id text primary key, product_id text, quantity int, price int)");

const kafka = { clientId: "limited-cart", bootstrapBrokers: KAFKA_BOOTSTRAP.split(",") };
const admin = new Admin(kafka);
await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
await admin.close();
const producer = new Producer({ ...kafka, serializers: stringSerializers });
const consumer = new Consumer({ ...kafka, groupId: "limited-cart", deserializers: stringDeserializers });
const engine = await openOnTemporal(TEMPORAL_ADDRESS, steps);

/** As Kafka's Java client does it: events that come while a request is under way go with the next one. */
let waiting: { topic: string; key: string; value: string }[] = [];
let isSending = false;
async function send(): Promise<void> {
  if (isSending) return;
  isSending = true;
  while (waiting.length > 0) {
    const messages = waiting;
    waiting = [];
    await producer.send({ messages, acks: 1 }).catch(() => {});
  }
  isSending = false;
}

async function place(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  const { productId, quantity } = JSON.parse(text) as { productId: string; quantity: number };
  const price = Number(await redis.get("limited-cart:price"));
  await redis.evalSha(script, { keys: ["limited-cart:stock"], arguments: [String(quantity)] });
  const orderId = randomUUID();
  await pool.query({
    name: "place",
    text: "insert into naive.placed values ($1, $2, $3, $4)",
    values: [orderId, productId, quantity, price],
  });
  waiting.push({ topic, key: orderId, value: JSON.stringify({ orderId, productId, quantity, price }) });
  void send();
  return JSON.stringify({ orderId, status: "PENDING", total: price * quantity, currency: "EUR" });
}

let begun = 0;
const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: true });
const consuming = (async () => {
  for await (const { key } of stream) {
    await engine.begin(key);
    begun += 1;
  }
})();

const server = createServer((request, response) => {
  place(request).then(
    (body) => response.writeHead(202, { "content-type": "application/json" }).end(body),
    () => response.writeHead(503).end(),
  );
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", ({ ask }: { ask: string }) => {
  if (ask === "begun") process.send?.({ to: ask, answer: begun });
  if (ask === "stop") stop().finally(() => process.exit());
});
process.on("disconnect", () => process.exit());

async function stop(): Promise<void> {
  server.closeAllConnections();
  await stream.close();
  await consuming.catch(() => {});
  await Promise.all([consumer.close(), producer.close(), redis.close(), pool.end(), engine.close()]);
  await close();
}
