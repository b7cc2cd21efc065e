import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { countOutcomes } from "../../inventory/books/outcomes.ts";
import type { Order } from "../orders.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";

type Orders = OrderStage["orders"];

const dayMs = 24 * 60 * 60_000;
const refund = { reason: "came back broken", restock: true, actor: "grace" };

describe("orders that ended long ago", () => {
  let stage: OrderStage;
  /** A process for which all orders of these tests are old. */
  let mover: Orders;
  before(async () => {
    stage = await openOrderStage();
    mover = stage.open({ moveAfterMs: 90 * dayMs, now: () => Date.now() + 91 * dayMs });
  });
  after(() => stage.close());

  async function settled(productId: string, howMany: number, userId = "ada", by = stage.orders): Promise<Order[]> {
    const placed = await Promise.all(Array.from({ length: howMany }, () => stage.place({ productId, userId }, by)));
    await stage.orders.settlement.redrive(await stage.gate.records(productId));
    return Promise.all(placed.map((answer) => read(answer.ok ? answer.order.orderId : answer.orderId)));
  }

  async function confirmed(productId: string, howMany: number, userId?: string, by?: Orders): Promise<string[]> {
    const orders = await settled(productId, howMany, userId, by);
    for (const { orderId } of orders) await stage.orders.confirm(orderId);
    return orders.map(({ orderId }) => orderId);
  }

  /** Placed at this time, so that its month does not depend on when the test runs. */
  async function confirmedAt(productId: string, time: string): Promise<string> {
    const [orderId = ""] = await confirmed(productId, 1, "ada", stage.open({ now: () => Date.parse(time) }));
    return orderId;
  }

  async function read(orderId: string): Promise<Order> {
    const [order] = await stage.orders.booked([orderId]);
    assert.ok(order);
    return order;
  }

  async function moveAll(): Promise<void> {
    while (await mover.past.move());
  }

  /** The table that has the order; an order in two tables is in neither. */
  async function placeOf(orderId: string): Promise<string | undefined> {
    const found = await stage.sql.query<{ place: string }>(
      "select tableoid::regclass::text as place from orders.orders where order_id = $1",
      [orderId],
    );
    assert.equal(found.length, 1, JSON.stringify(found));
    return found[0]?.place;
  }

  const monthly = /^orders\.past_\d{4}_\d\d$/;
  const idsOf = (found: readonly { orderId: string }[]) => found.map(({ orderId }) => orderId).toSorted();

  test("move to the partition of their month; open ones and those whose money is on its way back stay", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const [open] = await settled(productId, 1);
    const [kept = "", refunding = ""] = await confirmed(productId, 2);
    const [cancelled] = await settled(productId, 1);
    await stage.orders.cancel(cancelled?.orderId ?? "", "cancelled_by_customer");
    await stage.orders.refund(refunding, refund);
    await moveAll();
    const places = await Promise.all([open?.orderId ?? "", refunding, kept, cancelled?.orderId ?? ""].map(placeOf));
    assert.deepEqual(places.slice(0, 2), ["orders.recent", "orders.recent"]);
    for (const place of places.slice(2)) assert.match(place ?? "", monthly);
    await stage.orders.refundDone(refunding);
    await moveAll();
    assert.match((await placeOf(refunding)) ?? "", monthly);
  });

  test("of the last millisecond of a month and of the first one of the next are in two partitions", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const last = await confirmedAt(productId, "2025-12-31T23:59:59.999Z");
    const first = await confirmedAt(productId, "2026-01-01T00:00:00.000Z");
    await moveAll();
    assert.deepEqual(await Promise.all([last, first].map(placeOf)), ["orders.past_2025_12", "orders.past_2026_01"]);
  });

  test("are read, listed, found, booked and told of as before they moved", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const orderIds = await confirmed(productId, 3, "lists");
    const [first = ""] = orderIds;
    const { orders } = stage;
    const look = async () => ({
      found: await orders.find(first),
      read: await orders.read(first),
      booked: await orders.booked([first]),
      list: await orders.list("lists", null, 10),
      after: await orders.list("lists", (await orders.list("lists", null, 1))[0] ?? null, 10),
      ofAll: (await orders.listAll(null, 100)).filter((order) => order.userId === "lists"),
      ofProduct: await orders.search({ productIds: [productId], status: "CONFIRMED" }, null, 10),
      byId: await orders.search({ q: first }, null, 10),
      news: idsOf((await orders.readNews([{ orderId: first, seen: 1 }])).orders),
      noNews: await orders.readNews([{ orderId: first, seen: 50 }]),
      notEnded: await orders.notEnded({ productIds: [productId], since: new Date(0), until: null }),
    });
    const before = await look();
    assert.deepEqual(idsOf(before.list), orderIds.toSorted());
    await moveAll();
    for (const orderId of orderIds) assert.match((await placeOf(orderId)) ?? "", monthly);
    assert.deepEqual(await look(), before);
  });

  test("can still be refunded, handed over and remarked, each once", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const [one = "", other = ""] = await confirmed(productId, 2);
    await moveAll();
    assert.equal((await stage.orders.refund(one, refund))?.status, "REFUNDED");
    assert.equal(await stage.orders.refund(one, refund), undefined);
    assert.ok(idsOf(await stage.orders.unfinishedRefunds(undefined, 100)).includes(one));
    assert.equal((await stage.orders.readRefund(one))?.productId, productId);
    assert.ok(await stage.orders.handOver(other));
    assert.equal(await stage.orders.handOver(other), undefined);
    assert.equal(await stage.orders.refund(other, refund), undefined, "its units have left");
    const remark = { status: "PAYMENT_DISPUTED", at: new Date(0).toISOString() };
    await stage.orders.remark(other, remark);
    await stage.orders.remark(other, remark);
    assert.equal((await read(other)).timeline.filter(({ status }) => status === "PAYMENT_DISPUTED").length, 1);
  });

  test("that are refunded while they move are refunded, and are in one place", async () => {
    const productId = await stage.newProduct({ stock: 40 });
    const orderIds = await confirmed(productId, 40);
    const other = stage.open({ moveAfterMs: 1, now: () => Date.now() + dayMs });
    const refunds = orderIds.map((orderId) => stage.orders.refund(orderId, refund));
    await Promise.all([...refunds, moveAll(), other.past.move()]);
    for (const answer of await Promise.all(refunds)) assert.equal(answer?.status, "REFUNDED");
    for (const orderId of orderIds) await placeOf(orderId);
    const rows = await stage.sql.query("select from orders.refund where order_id = any($1)", [orderIds]);
    assert.equal(rows.length, orderIds.length);
  });

  test("are not settled again when the log hands their reservations over again, in whichever epoch", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    await stage.place({ productId });
    const records = await stage.gate.records(productId);
    await stage.orders.settlement.redrive(records);
    const [orderId = ""] = records.map((record) => record.orderId);
    await stage.orders.confirm(orderId);
    await moveAll();
    const before = await read(orderId);
    await stage.orders.settlement.redrive(records);
    await stage.orders.settlement.redrive(records.map((record) => ({ ...record, epoch: 0, reservationNo: 1_000 })));
    assert.match((await placeOf(orderId)) ?? "", monthly);
    assert.deepEqual(await read(orderId), before);
    await countOutcomes(stage.sql, 100);
    const stock = await stage.inventory.books.stock(productId);
    assert.deepEqual([stock?.sold, stock?.held], [1, 0]);
  });

  test("that were fenced stay, so that a later attempt under their key takes their place", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    await stage.place({ productId, idempotencyKey: "again" });
    const [record] = await stage.gate.records(productId);
    assert.ok(record);
    await stage.orders.settlement.redrive([{ ...record, epoch: 0 }]);
    assert.equal((await read(record.orderId)).reason, "fenced");
    await moveAll();
    assert.equal(await placeOf(record.orderId), "orders.recent");
    await stage.orders.settlement.redrive([record]);
    assert.equal((await read(record.orderId)).status, "PAYMENT_PENDING");
  });

  test("do not move into a partition that was detached: their month gets another one", async () => {
    const productId = await stage.newProduct({ stock: 10 });
    const archived = await confirmedAt(productId, "2026-03-01T00:00:00.000Z");
    await moveAll();
    assert.equal(await placeOf(archived), "orders.past_2026_03");
    await stage.sql.query("alter table orders.past detach partition orders.past_2026_03");
    const later = await confirmedAt(productId, "2026-03-31T23:59:59.999Z");
    await moveAll();
    assert.equal(await placeOf(later), "orders.past_2026_03_2");
    assert.equal(await stage.orders.read(archived), undefined);
    // As the guide says: the first one goes to another schema. Then the second one is archived too.
    await stage.sql.query("create schema archive");
    await stage.sql.query("alter table orders.past_2026_03 set schema archive");
    await stage.sql.query("alter table orders.past detach partition orders.past_2026_03_2");
    const last = await confirmedAt(productId, "2026-03-15T00:00:00.000Z");
    await moveAll();
    assert.match((await placeOf(last)) ?? "", /^orders\.past_2026_03/);
  });
});
