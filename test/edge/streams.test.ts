import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import type { Order } from "../support/client.ts";
import { type EventReader, readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
const declinedCard = { cardNumber: "4000000000000010" };

describe("the stream of an order", () => {
  let world: World;
  let lamp: string;
  /** An order that becomes void once the sweeper has handled it, some seconds later. */
  let doomed: EventReader;
  const open: EventReader[] = [];
  before(async () => {
    world = await openWorld();
    lamp = await world.newProduct({ stock: 100 });
    armCrashPoint("place.reserved", { kind: "error" });
    armCrashPoint("place.voiding", { kind: "error" });
    const { body } = await world.as("ada").post("/orders", { productId: lamp, quantity: 1 });
    disarmCrashPoints();
    doomed = await readEvents(`${world.origin}/orders/${body.orderId}/events`, { "x-user-id": "ada" });
    assert.equal((await eventually(() => doomed.events[0])).data.status, "PENDING");
  });
  afterEach(() => {
    disarmCrashPoints();
    for (const reader of open.splice(0)) reader.leave();
  });
  after(() => world.close());

  async function watch(user: string, orderId: string, lastEventId?: string): Promise<EventReader> {
    const since = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const reader = await readEvents(`${world.origin}/orders/${orderId}/events`, { "x-user-id": user, ...since });
    open.push(reader);
    return reader;
  }

  async function newOrder(user: string) {
    const buyer = world.as(user);
    const { orderId, statusUrl } = await world.place(buyer, lamp);
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    const pay = (card: object) => payOrder(buyer, orderId, card);
    return { buyer, orderId, pay, cancel: () => buyer.post(`${statusUrl}/cancel`) };
  }

  const statusesOf = (reader: EventReader) => reader.events.map(({ data }) => data.status);
  const idsOf = (reader: EventReader) => reader.events.map(({ id }) => id);

  test("begins with the order's present state, reports each change, and ends with the final state", async () => {
    const { buyer, orderId, pay } = await newOrder("ada");
    const reader = await watch("ada", orderId);
    assert.equal(reader.status, 200);
    assert.match(reader.headers["content-type"] ?? "", /^text\/event-stream/);
    assert.equal(reader.headers["cache-control"], "no-store");
    const snapshot = await eventually(() => reader.events[0]);
    assert.equal(snapshot.event, "snapshot");
    const { payment: _, ...order } = (await buyer.get<Order>(`/orders/${orderId}`)).body;
    assert.deepEqual(snapshot.data, order);

    await pay(goodCard);
    await reader.untilEnded();
    assert.deepEqual(
      reader.events.map(({ event }) => event),
      ["snapshot", "status"],
    );
    assert.deepEqual(statusesOf(reader), ["PAYMENT_PENDING", "CONFIRMED"]);
    assert.deepEqual(idsOf(reader), ["3", "4"]);
    assert.equal(reader.events.at(-1)?.data.orderId, orderId);
  });

  test("reports a declined card, with its reason", async () => {
    const { orderId, pay } = await newOrder("ada");
    const reader = await watch("ada", orderId);
    await pay(declinedCard);
    const declined = await eventually(() => reader.events.find(({ data }) => data.status === "PAYMENT_DECLINED"));
    assert.equal(declined.data.reason, "card_declined");
    assert.equal(reader.ended, false);
    await pay(goodCard);
    await reader.untilEnded();
    assert.deepEqual(statusesOf(reader), ["PAYMENT_PENDING", "PAYMENT_DECLINED", "CONFIRMED"]);
  });

  test("H2: can be opened right after the 202, before the order is in the books", async () => {
    armCrashPoint("settle.before-commit", { kind: "error" });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, lamp);
    const reader = await watch("ada", orderId);
    assert.equal((await eventually(() => reader.events[0])).data.status, "PENDING");
    disarmCrashPoints();
    await eventually(() => statusesOf(reader).includes("PAYMENT_PENDING"));
    await ada.post(`/orders/${orderId}/cancel`);
    await reader.untilEnded();
    assert.deepEqual(statusesOf(reader), ["PENDING", "INVENTORY_RESERVED", "PAYMENT_PENDING", "CANCELLED"]);
    assert.deepEqual(idsOf(reader), ["1", "2", "3", "4"]);
  });

  test("continues after Last-Event-ID with exactly the missed events", async () => {
    const { orderId, cancel } = await newOrder("ada");
    const first = await watch("ada", orderId);
    await eventually(() => first.events[0]);
    first.leave();
    await cancel();
    const second = await watch("ada", orderId, first.events[0]?.id);
    await second.untilEnded();
    assert.deepEqual(
      second.events.map(({ event, id, data }) => [event, id, data.status]),
      [["status", "4", "CANCELLED"]],
    );
  });

  test("A2: is answered 204 once the reader has seen the end, so that it stops reconnecting", async () => {
    const { buyer, orderId, cancel } = await newOrder("ada");
    await cancel();
    const { body } = await buyer.get<Order>(`/orders/${orderId}`);
    const reader = await watch("ada", orderId, String(body.timeline.length));
    assert.equal(reader.status, 204);
    const whole = await watch("ada", orderId);
    await whole.untilEnded();
    assert.deepEqual(statusesOf(whole), ["CANCELLED"]);
    const rest = await watch("ada", orderId, "2");
    await rest.untilEnded();
    assert.deepEqual(statusesOf(rest), ["PAYMENT_PENDING", "CANCELLED"]);
  });

  for (const forged of ["99", "-1", "1.5", "nonsense", "9".repeat(40), ""]) {
    test(`A2: begins with the present state after the forged event id ${JSON.stringify(forged.slice(0, 12))}`, async () => {
      const { orderId, cancel } = await newOrder("ada");
      const reader = await watch("ada", orderId, forged);
      assert.equal(reader.status, 200);
      assert.equal((await eventually(() => reader.events[0])).event, "snapshot");
      await cancel();
      await reader.untilEnded();
      assert.deepEqual(statusesOf(reader), ["PAYMENT_PENDING", "CANCELLED"]);
      const late = await watch("ada", orderId, forged);
      await late.untilEnded();
      assert.deepEqual([late.status, late.events[0]?.event, statusesOf(late)], [200, "snapshot", ["CANCELLED"]]);
    });
  }

  test("A1: is open to its owner and to an admin; other callers do not find it", async () => {
    const { orderId } = await newOrder("ada");
    const eve = await watch("eve", orderId);
    assert.equal(eve.status, 404);
    await eve.untilEnded();
    assert.equal(JSON.parse(eve.text).code, "order_not_found");
    const { status } = await world.anonymous.get(`/orders/${orderId}/events`);
    assert.equal(status, 401);
    const token = world.system.faces.identity.issue({ user: "root", role: "ADMIN", ttlMs: 60_000 });
    const admin = await readEvents(`${world.origin}/orders/${orderId}/events`, { authorization: `Bearer ${token}` });
    open.push(admin);
    assert.equal(admin.status, 200);
  });

  test("N3: ends with the session of its reader, who is told nothing that happens afterwards", async () => {
    const { orderId, cancel } = await newOrder("ada");
    const json = { "content-type": "application/json", origin: world.origin };
    const entered = await fetch(`${world.origin}/session/demo`, {
      method: "POST",
      headers: json,
      body: '{"person":"ada"}',
    });
    assert.equal(entered.status, 200);
    const cookie = entered.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
    const reader = await readEvents(`${world.origin}/orders/${orderId}/events`, { cookie });
    open.push(reader);
    await eventually(() => reader.events[0]);
    await fetch(`${world.origin}/session`, { method: "DELETE", headers: { cookie, origin: world.origin } });
    assert.equal((await cancel()).status, 202);
    await reader.untilEnded();
    assert.deepEqual(statusesOf(reader), ["PAYMENT_PENDING"]);
  });

  test("reports to every reader their own order, and no other one", async () => {
    const orders = await Promise.all(["ada", "bob", "cleo"].map(async (user) => ({ user, ...(await newOrder(user)) })));
    const watched = [...orders, ...orders, ...orders];
    const readers = await Promise.all(watched.map(({ user, orderId }) => watch(user, orderId)));
    await Promise.all(orders.map(({ cancel }) => cancel()));
    for (const [i, reader] of readers.entries()) {
      await reader.untilEnded();
      assert.deepEqual(statusesOf(reader), ["PAYMENT_PENDING", "CANCELLED"]);
      assert.ok(reader.events.every(({ data }) => data.orderId === watched[i]?.orderId));
    }
  });

  test("ends also if the order becomes void", async () => {
    await doomed.untilEnded();
    assert.deepEqual(statusesOf(doomed), ["PENDING", "FAILED"]);
    assert.equal(doomed.events.at(-1)?.data.reason, "order_failed");
  });

  test("ends when the system stops, which does not wait for its readers, and continues after the start", async () => {
    const { orderId, cancel } = await newOrder("ada");
    const reader = await watch("ada", orderId);
    const last = await eventually(() => reader.events[0]);
    await world.restart();
    await reader.untilEnded();
    const next = await watch("ada", orderId, last.id);
    await cancel();
    await next.untilEnded();
    assert.deepEqual(statusesOf(next), ["CANCELLED"]);
  });
});
