/**
 * Records in the log that neither gate nor catalog made: the records after them are handled, and true orders are
 * settled.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { lagOf, type NewRecord, type StoredRecord } from "#engines/log";
import type { Client } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { forgedReservation } from "../support/forged-reservation.ts";
import { openWorld, type World } from "../support/world.ts";

const reservations = "orders.reservations";
const prices = "product.events";
const orderEvents = "orders.events";

describe("poison in the log", () => {
  let world: World;
  let ada: Client;
  const letters: StoredRecord[] = [];
  before(async () => {
    world = await openWorld({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } });
    ada = world.as("ada");
    for (const topic of [reservations, prices]) {
      await world.system.faces.engines.log.consume({
        topic: `${topic}.dlq`,
        group: "reader",
        maxRecords: 100,
        handle: async ({ records }) => void letters.push(...records),
      });
    }
  });
  after(() => world.close());

  const append = (topic: string, ...records: NewRecord[]) => world.system.faces.engines.log.append(topic, records);
  const letterOf = (key: string) => eventually(() => letters.find((letter) => letter.key === key));

  async function untilOrdersSettle(): Promise<void> {
    const productId = await world.newProduct({ stock: 1 });
    const { orderId } = await world.place(ada, productId);
    await world.untilStatus(ada, orderId, "INVENTORY_RESERVED", "PAYMENT_PENDING");
  }

  const impossible: [string, Record<string, unknown>][] = [
    ["a time that no date can hold", { reservedAtMs: 9_000_000_000_000_000 }],
    ["a time to pay that no date can hold", { payByMs: 9_000_000_000_000_000 }],
    ["a time before the first date", { reservedAtMs: -9_000_000_000_000_000 }],
    ["a number that is not exact", { reservationNo: 1e300 }],
    ["a price that cannot be multiplied", { unitPriceMinor: Number.MAX_SAFE_INTEGER, quantity: 2 }],
    ["more units than a column holds", { quantity: 3_000_000_000 }],
    ["a user id with a byte that PostgreSQL refuses", { userId: "a\u0000b" }],
    ["a user id of a megabyte", { userId: "a".repeat(1_000_000) }],
    ["a product id of a megabyte", { productId: "a".repeat(1_000_000) }],
    ["a limit that is no number", { limitPerCustomer: "2" }],
  ];
  test("O25: a reservation with an impossible value goes to the dead letters, and the orders after it are settled", async () => {
    for (const [what, change] of impossible) {
      const record = forgedReservation(change);
      await append(reservations, record);
      assert.ok(await letterOf(record.key), what);
    }
    const notUtf8 = { key: randomUUID(), value: Buffer.from([0x22, 0xff, 0x22]) };
    await append(reservations, notUtf8);
    await letterOf(notUtf8.key);
    await untilOrdersSettle();
  });

  test("O25: the last moment that a date can hold is settled, and read, like any other", async () => {
    const last = forgedReservation({ reservedAtMs: 8_640_000_000_000_000, payByMs: 8_640_000_000_000_000 });
    await append(reservations, last);
    await untilOrdersSettle();
    assert.equal((await world.admin.get("/orders")).status, 200);
  });

  test("O25: one reservation twice in one batch, of an unknown product, delays nothing", async () => {
    const twice = forgedReservation({});
    await append(reservations, twice, twice, forgedReservation({ orderId: twice.key, reservationNo: 2 }));
    await untilOrdersSettle();
  });

  test("O25: a reservation that the gate never made, under the gate's next number, does not change the true order's fate", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const { inventory } = world.system.faces;
    const { epoch } = await eventually(async () => (await inventory.gate.snapshot([productId]))[0]);
    const forged = forgedReservation({ productId, epoch, reservationNo: 1 });
    await append(reservations, forged);
    const { orderId } = await world.place(ada, productId);
    await world.untilStatus(ada, orderId, "INVENTORY_RESERVED", "PAYMENT_PENDING");
    assert.equal((await ada.post(`/orders/${orderId}/cancel`)).status, 202);
    await world.untilStatus(ada, orderId, "CANCELLED");
    const { held, available, gate } = await world.untilAtRest(productId);
    assert.deepEqual([held + available, gate], [5, available], "the unit is back, and gate and books agree");
  });

  test("O25: a price event with an impossible value goes to the dead letters, and the events after it arrive", async () => {
    const headers = { ce_specversion: "1.0", ce_id: "x:1", ce_type: "dropgate.product.created", ce_time: "now" };
    const data = { name: "x", unitPriceMinor: 1, currency: "EUR", limitPerCustomer: null, version: 1 };
    const changes = [
      { limitPerCustomer: 1e300 },
      { version: 1e300 },
      { productId: "a\u0000b" },
      { productId: "a".repeat(9_999) },
    ];
    for (const change of changes) {
      const value = { productId: randomUUID(), ...data, ...change };
      await append(prices, { key: value.productId, headers, value: Buffer.from(JSON.stringify(value)) });
      assert.ok(await letterOf(value.productId));
    }
    await untilOrdersSettle();
  });

  test("O25: an event of orders with an impossible value delays none of its readers", async () => {
    const faces = world.system.faces;
    const receiver = await world.admin.post("/webhooks", { url: "http://127.0.0.1:1/events", events: [] });
    assert.equal(receiver.status, 201, JSON.stringify(receiver.body));
    const types = ["reserved", "payment-requested", "confirmed", "failed", "handed-over"];
    const values = [
      ...["{", "null", "[]", "1", "{}", '{"quantity":1.5}', '{"quantity":3e9}', '{"quantity":-1}'],
      ...['{"quantity":1,"userId":"a\\u0000b"}', '{"quantity":1,"userId":["a"]}', '{"userId":"\\ud800"}'],
      '{"quantity":1,"orderId":"1","userId":"ada","productId":"a\\u0000b","payBy":"soon"}',
    ];
    const records = types.flatMap((type) =>
      values.map((value) => ({ key: randomUUID(), value: Buffer.from(value), headers: headersOf(type) })),
    );
    const odd = { key: "\u0000", value: Buffer.from("{}"), headers: { ...headersOf("failed"), ce_id: "a\u0000b" } };
    await append(orderEvents, ...records, odd);
    const ends = await faces.engines.log.endOffsets(orderEvents);
    for (const group of ["webhook-group", "parcel-group", "pass-group"]) {
      await eventually(async () => lagOf(ends, await faces.engines.log.committedOffsets(group, orderEvents)) === 0);
    }
    await untilOrdersSettle();

    function headersOf(type: string): Record<string, string> {
      return { ce_specversion: "1.0", ce_source: "/orders", ce_id: randomUUID(), ce_type: `dropgate.order.${type}` };
    }
  });
});
