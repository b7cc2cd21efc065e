import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import type { StoredRecord } from "#engines/log";
import { isFinal } from "../../src/orders/state.ts";
import { statuses } from "../../src/orders/wire.ts";
import { undocumentedIn, undocumentedInWebhook } from "../support/async-api.ts";
import type { Client, Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

/** A request of a webhook. */
type Heard = { headers: Record<string, string>; bytes: Buffer };

const goodCard = { cardNumber: "4242424242424242" };
const ends: readonly string[] = statuses.filter(isFinal);

describe("the events of orders on orders.events", () => {
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } });
  });
  after(() => world.close());

  /** Every event of these orders, once the given number of orders has ended there. */
  async function eventsOf(orderIds: readonly string[]): Promise<Map<string, StoredRecord[]>> {
    const wanted = new Set(orderIds);
    const events = new Map<string, StoredRecord[]>();
    const { log } = world.system.faces.engines;
    const consumer = await log.consume({
      topic: "orders.events",
      group: randomUUID(),
      maxRecords: 500,
      async handle({ records }) {
        for (const record of records) {
          if (wanted.has(record.key)) events.set(record.key, [...(events.get(record.key) ?? []), record]);
        }
      },
    });
    const hasEnded = (orderId: string) => events.get(orderId)?.some((record) => ends.includes(statusIn(record)));
    await eventually(() => orderIds.every(hasEnded));
    await consumer.close();
    return events;
  }

  test("S4: an order that was paid, cancelled or both at once has exactly one end in its events", async () => {
    const productId = await world.newProduct({ stock: 60 });
    const buyers = Array.from({ length: 24 }, (_, i) => world.as(`told-${i}`));
    const orders = await Promise.all(buyers.map((buyer) => place(buyer, productId)));
    await Promise.all(
      orders.map(async ({ buyer, orderId }, i) => {
        const pay = () => payOrder(buyer, orderId, goodCard);
        const cancel = () => buyer.post(`/orders/${orderId}/cancel`);
        // 503 means that the order is on its way to the books: repeat the request.
        const insist = (ask: typeof pay) => eventually(async () => (await ask()).status !== 503);
        if (i % 3 !== 1) await insist(pay);
        if (i % 3 !== 0) await insist(cancel);
      }),
    );
    const told = await eventsOf(orders.map(({ orderId }) => orderId));
    assert.deepEqual([...told.values()].flat().map(undocumentedIn).filter(Boolean), []);
    for (const { buyer, orderId } of orders) {
      const { body } = await buyer.get<Order>(`/orders/${orderId}`);
      const statuses = (told.get(orderId) ?? []).map(statusIn);
      assert.deepEqual(
        statuses.filter((status) => ends.includes(status)),
        [body.status],
        `${orderId} was told as ${statuses}`,
      );
      assert.equal(statuses.at(-1), body.status);
    }
  });

  test("B6: a product that is renamed during its orders keeps them, their price and its stock", async () => {
    const productId = await world.newProduct({ stock: 10, price: 700 });
    const [ada, bob] = [world.as("ada"), world.as("bob")];
    const first = await place(ada, productId);
    const renamed = await world.admin.patch(`/products/${productId}`, { name: "another name" });
    assert.equal(renamed.status, 200);
    const second = await place(bob, productId);
    for (const { buyer, orderId } of [first, second]) {
      assert.equal((await payOrder(buyer, orderId, goodCard)).status, 202);
      const order = await world.untilStatus(buyer, orderId, "CONFIRMED");
      assert.equal(order.total, 700);
    }
    const { sold, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual({ sold, available, gate }, { sold: 2, available: 8, gate: 8 });
  });

  test("W1, A5: a webhook hears each event of an order once, signed", async (t) => {
    // Events of earlier tests' orders come here too, and may come before the secret is known: all is kept, and read later.
    const heard: Heard[] = [];
    const receiver = createServer((request, response) => {
      const keep = (bytes: Buffer) => {
        const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
        heard.push({ headers: Object.fromEntries(headers), bytes });
        response.writeHead(204).end();
      };
      // Of a request that is cut off, nothing counts: it is sent again.
      buffer(request).then(keep, () => response.destroy());
    }).listen(0, "127.0.0.1");
    t.after(() => receiver.close());
    await once(receiver, "listening");
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const events = ["reserved", "payment-requested", "confirmed"].map((what) => `dropgate.order.${what}`);
    const { body: webhook } = await world.admin.post<{ webhookId: string; secret: string }>("/webhooks", {
      url,
      events,
    });
    const { buyer, orderId } = await place(world.as("ada"), await world.newProduct({ stock: 1 }));
    const ofThisOrder = () => heard.map(orderEventOf).filter(({ data }) => data.orderId === orderId);
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    await payOrder(buyer, orderId, goodCard);
    const statusesHeard = ["CONFIRMED", "INVENTORY_RESERVED", "PAYMENT_PENDING"];
    await eventually(() => statusesHeard.every((status) => ofThisOrder().some(({ data }) => data.status === status)));
    assert.equal((await world.admin.patch(`/webhooks/${webhook.webhookId}`, { enabled: false })).status, 200);
    assert.deepEqual(
      ofThisOrder()
        .map(({ id }) => id)
        .toSorted(),
      statusesHeard.map((status) => `orders/${orderId}:${status}`),
    );
    const verifier = new Webhook(webhook.secret);
    const verified = heard.map(({ headers, bytes }) =>
      undocumentedInWebhook(headers, verifier.verify(bytes, headers) as { type: string }),
    );
    assert.deepEqual(verified.filter(Boolean), []);
  });

  test("the events of products, drops and accepted orders in the topics are as asyncapi.json says", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const window = { opensAt: new Date().toISOString(), closesAt: new Date(Date.now() + 3_600_000).toISOString() };
    const drop = {
      dropId: "documented",
      name: "Lamps",
      zone: "Europe/Berlin",
      ...window,
      products: [{ productId, label: "M" }],
    };
    assert.equal((await world.admin.post("/drops", drop)).status, 201);
    assert.equal((await world.admin.post("/drops/documented/schedule", {})).status, 200);
    await place(world.as("ada"), productId);
    const { log } = world.system.faces.engines;
    const seen = new Set<string>();
    const undocumented: string[] = [];
    const consumers = await Promise.all(
      ["product.events", "drop.events", "orders.reservations"].map((topic) =>
        log.consume({
          topic,
          group: randomUUID(),
          maxRecords: 500,
          async handle({ records }) {
            if (records.length > 0) seen.add(topic);
            undocumented.push(...records.map(undocumentedIn).filter(Boolean));
          },
        }),
      ),
    );
    await eventually(() => seen.size === consumers.length);
    await Promise.all(consumers.map((consumer) => consumer.close()));
    assert.deepEqual(undocumented, []);
  });

  async function place(buyer: Client, productId: string) {
    return { buyer, orderId: (await world.place(buyer, productId)).orderId };
  }
});

function orderEventOf({ headers, bytes }: Heard) {
  const { data } = JSON.parse(bytes.toString()) as { data: { orderId: string; status: string } };
  return { id: headers["webhook-id"], data };
}

function statusIn(record: StoredRecord): string {
  return JSON.parse(record.value.toString()).status;
}
