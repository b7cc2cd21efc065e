/** An order from the log into the books, and its views: also order-rows.ts, look.ts, view.ts and changes.ts. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { Value } from "typebox/value";
import { until } from "../../../test/support/until.ts";
import { rebuild } from "../../inventory/agreement/rebuild.ts";
import { keepSale } from "../../inventory/books/sales.ts";
import type { GateRecord, Reservation } from "../../inventory/gate/gate.ts";
import { openSale } from "../../inventory/gate/image.testing.ts";
import { reservationRecord } from "../events.ts";
import { orderIdFor } from "../ids.ts";
import type { SeenOrder } from "../look.ts";
import { type OrderStage, openOrderStage, topics } from "../stage.testing.ts";
import { createStreams } from "../streams.ts";
import { viewOf } from "../view.ts";
import { OrderView } from "../wire.ts";

describe("an accepted order", () => {
  let stage: OrderStage;
  before(async () => {
    stage = await openOrderStage();
  });
  after(() => stage.close());

  async function accepted(productId: string, quantity = 1): Promise<GateRecord> {
    const answer = await stage.place({ productId, quantity });
    assert.ok(answer.ok);
    const record = await stage.gate.record(productId, answer.order.orderId);
    assert.ok(record);
    return record;
  }

  /** As another copy of the program would write it. */
  async function appendAgain(reservation: Reservation): Promise<void> {
    await stage.log.append(topics.reservations, [reservationRecord(reservation)]);
  }

  const withOwnId = (reservation: Reservation): Reservation => ({ ...reservation, orderId: orderIdFor(reservation) });
  const told = (order: SeenOrder | undefined) =>
    order?.timeline.map(({ status, reason = "" }) => `${status} ${reason}`);

  test("is seen at the gate first and then in the books, as the same order", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const { orderId } = await accepted(productId, 2);
    const atGate = await stage.orders.read(orderId);
    assert.ok(atGate);
    assert.deepEqual(told(atGate), ["PENDING "]);
    assert.deepEqual(await stage.orders.readNews([{ orderId, seen: 1 }]), { orders: [], unsettled: [orderId] });
    await stage.settleAll();
    const inBooks = await stage.orders.read(orderId);
    assert.ok(inBooks);
    assert.deepEqual(told(inBooks), ["PENDING ", "INVENTORY_RESERVED ", "PAYMENT_PENDING "]);
    const [before, then] = [viewOf(atGate), viewOf(inBooks)];
    assert.ok(Value.Check(OrderView, before) && Value.Check(OrderView, then));
    assert.deepEqual({ ...then, status: "", timeline: [] }, { ...before, status: "", timeline: [] });
    assert.deepEqual([before.price, before.total, before.placedAt], [4_900, 9_800, before.timeline[0]?.at]);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 3, pending: 0 });
  });

  test("whose event comes twice is one order, under one number", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const first = await accepted(productId);
    await appendAgain(first);
    await appendAgain({ ...first, reservationNo: first.reservationNo + 1 });
    await stage.settleAll();
    await appendAgain(first);
    await stage.settleAll();
    assert.deepEqual(told(await stage.orders.read(first.orderId)), [
      "PENDING ",
      "INVENTORY_RESERVED ",
      "PAYMENT_PENDING ",
    ]);
    const order = await stage.orders.settled(first.orderId, 0);
    assert.equal(order?.reservationNo, first.reservationNo);
    assert.deepEqual(await stage.inventory.books.stock(productId).then((stock) => stock?.held), 1);
  });

  test("without units in the books fails, and its buyer can read why", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    const first = await accepted(productId);
    const second = withOwnId({ ...first, reservationNo: 2, userId: "bob" });
    await appendAgain(second);
    await stage.settleAll();
    const news = await stage.orders.readNews([first, second].map(({ orderId }) => ({ orderId, seen: 1 })));
    assert.deepEqual(
      new Map(news.orders.map((order) => [order.orderId, [order.status, order.reason]])),
      new Map([
        [first.orderId, ["PAYMENT_PENDING", null]],
        [second.orderId, ["FAILED", "sold_out"]],
      ]),
    );
  });

  test("counts against its buyer's limit what earlier batches gave them, and what its own batch does", async () => {
    const productId = await stage.newProduct({ stock: 9, limit: 2 });
    const first = await accepted(productId);
    await stage.settleAll();
    const more = [2, 3].map((reservationNo) => ({ ...first, reservationNo, orderId: orderIdFor(first) }));
    const [second, third] = more;
    assert.ok(second && third);
    await stage.log.append(
      topics.reservations,
      [first, second, third].map((one) => reservationRecord(one)),
    );
    await stage.settleAll();
    assert.deepEqual(told(await stage.orders.read(second.orderId)), [
      "PENDING ",
      "INVENTORY_RESERVED ",
      "PAYMENT_PENDING ",
    ]);
    assert.deepEqual(told(await stage.orders.read(third.orderId)), ["PENDING ", "FAILED limit_per_customer"]);
    assert.equal((await stage.inventory.books.stock(productId))?.held, 2);
  });

  test("is settled even if a record before it cannot be, which becomes a dead letter", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    await stage.log.append(topics.reservations, [{ key: "any", value: Buffer.from("{}") }]);
    const { orderId } = await accepted(productId);
    await stage.settleAll();
    assert.equal((await stage.orders.read(orderId))?.status, "PAYMENT_PENDING");
    assert.equal((await stage.log.endOffsets(`${topics.reservations}.dlq`)).get(0), 1n);
  });

  test("that comes into the books late can be paid for half of its time, and one in time until the deadline that it was told", async () => {
    const productId = await stage.newProduct({ stock: 2 });
    const tenMinutesAgo = stage.open({ now: () => Date.now() - 600_000 });
    const [late, inTime] = [await stage.place({ productId }, tenMinutesAgo), await stage.place({ productId })];
    assert.ok(late.ok && inTime.ok);
    const beforeMs = Date.now();
    await stage.settleAll();
    const payByMs = async ({ orderId }: { orderId: string }) =>
      (await stage.orders.read(orderId))?.payBy.getTime() ?? 0;
    assert.ok((await payByMs(late.order)) >= beforeMs + 30_000, "its minute to pay was over nine minutes ago");
    assert.equal(await payByMs(inTime.order), inTime.order.payByMs);
  });

  test("that is followed from the gate on is told its deadline in the books, and how it can be extended", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    await stage.sql.transaction((tx) => keepSale(tx, productId, openSale, 120_000));
    const answer = await stage.place({ productId }, stage.open({ now: () => Date.now() - 600_000 }));
    assert.ok(answer.ok);
    const { orderId } = answer.order;
    const atGate = await stage.orders.read(orderId);
    assert.ok(atGate);
    const written: string[] = [];
    const response = { write: (text: string) => void written.push(text), writableLength: 0, on() {}, end() {} };
    const streams = createStreams(stage.orders, () => {});
    streams.open(atGate, 0, response as unknown as ServerResponse, () => true);
    await stage.settleAll();
    await until(() => written.some((text) => text.includes("PAYMENT_PENDING")));
    await streams.stop();
    const inBooks = await stage.orders.read(orderId);
    assert.ok(inBooks && inBooks.payBy > atGate.payBy);
    const { payBy, extendable } = viewOf(inBooks);
    const heard = JSON.parse(written.at(-1)?.split("data: ")[1] ?? "");
    assert.deepEqual([heard.payBy, heard.extendable], [payBy, extendable]);
    assert.equal(extendable?.seconds, 120);
  });

  test("that the log has lost is settled from the gate's record, once", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const { settlement } = stage.orders;
    await stage.settleAll();
    const lost = await accepted(productId);
    const end = (await stage.log.endOffsets(topics.reservations)).get(0) ?? 0n;
    await stage.operator.dropFrom(topics.reservations, end - 1n);
    await settlement.redrive([lost]);
    await settlement.redrive([lost]);
    assert.deepEqual(told(await stage.orders.read(lost.orderId)), [
      "PENDING ",
      "INVENTORY_RESERVED ",
      "PAYMENT_PENDING ",
    ]);
    assert.deepEqual(await stage.unitsOf(productId), { sellable: 4, pending: 0 });
  });

  test("that the log has lost is settled even if the books refuse another one beside it, which is named in the log", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const [refused, lost] = [await accepted(productId), await accepted(productId)];
    await stage.orders.settlement.redrive([{ ...refused, userId: "a\u0000da" }, lost]);
    assert.equal((await stage.orders.read(lost.orderId))?.status, "PAYMENT_PENDING");
    const named = stage.said.filter((line) => line.includes("an accepted order cannot be settled"));
    assert.deepEqual([named.length, named[0]?.includes(refused.orderId)], [1, true]);
  });

  test("of an epoch that a rebuild has ended fails, and is replaced by the next one under its key", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const early = await accepted(productId);
    await stage.settleAll();
    await rebuild({ sql: stage.sql, gate: stage.gate, settlement: stage.orders.settlement }, [productId]);
    const answer = await stage.place({ productId, idempotencyKey: "again" });
    assert.ok(answer.ok);
    // An attempt before it that comes only now: its number is from the ended epoch.
    const fenced = { ...early, reservationNo: 9, orderId: answer.order.orderId };
    await stage.orders.settlement.redrive([fenced]);
    const { orderId } = fenced;
    assert.equal(await stage.orders.settled(orderId, 0), undefined);
    const settled = stage.orders.settled(orderId, 10_000);
    assert.equal((await stage.orders.read(orderId))?.status, "PENDING");
    assert.deepEqual(await stage.orders.readNews([{ orderId, seen: 1 }]), { orders: [], unsettled: [orderId] });
    await stage.settleAll();
    const order = await stage.orders.read(fenced.orderId);
    assert.deepEqual(told(order), ["PENDING ", "FAILED fenced", "PENDING ", "INVENTORY_RESERVED ", "PAYMENT_PENDING "]);
    assert.deepEqual(await settled, order);
  });

  test("that was decided void shows as failed, and costs nothing", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const { orderId } = await accepted(productId);
    const [record] = await stage.gate.records(productId);
    assert.ok(record);
    await stage.inventory.books.voidReservations([record]);
    await stage.settleAll();
    const { orders, unsettled } = await stage.orders.readNews([{ orderId, seen: 1 }]);
    assert.deepEqual(unsettled, []);
    const [seen] = orders;
    assert.ok(seen);
    assert.deepEqual(seen, await stage.orders.read(orderId));
    assert.deepEqual([seen.status, seen.reason, seen.totalMinor], ["FAILED", "order_failed", 0]);
  });

  test("that the gate has forgotten is never unknown while the log does not answer", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    const { orderId } = await accepted(productId);
    stage.gate.lose();
    assert.equal(await stage.orders.read(orderId), undefined);
    const noLog = stage.open({ topics: { ...topics, reservations: "a topic that is not there" } });
    assert.equal(await noLog.find(orderId), "undecided");
    // It waits for the books for a second, and is undecided if they need longer.
    const finding = until(async () => {
      const seen = await stage.orders.find(orderId);
      return seen !== "undecided" && { seen };
    });
    const [{ seen }] = await Promise.all([finding, stage.settleAll()]);
    assert.equal(seen?.status, "PAYMENT_PENDING");
    assert.equal(await stage.orders.find(orderIdFor({ userId: "ada", productId: "made up" })), undefined);
  });

  test("is named among the changes since a position, once", async () => {
    const productId = await stage.newProduct({ stock: 5 });
    let first = await stage.orders.changesSince(undefined);
    assert.equal(first.orderIds, "many");
    // Other transactions of the server may keep a position from moving for a moment, behind changes of before.
    await until(async () => {
      first = await stage.orders.changesSince(first.position);
      return first.orderIds !== "many" && first.orderIds.size === 0;
    });
    const { orderId } = await accepted(productId);
    const calls: unknown[] = [];
    const stopListening = stage.orders.onChange((order) => calls.push(order));
    await stage.settleAll();
    stopListening();
    assert.deepEqual(calls, [undefined]);
    let named = await stage.orders.changesSince(first.position);
    assert.deepEqual(named.orderIds, new Set([orderId]));
    // As above, so the order may be named again until the position has moved.
    await until(async () => {
      named = await stage.orders.changesSince(named.position);
      return named.orderIds !== "many" && named.orderIds.size === 0;
    });
  });

  test("is listed once over all pages, newest first, to its buyer and to an admin", async () => {
    const productId = await stage.newProduct({ stock: 9 });
    const placed: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const answer = await stage.place({ productId, userId: "lister" });
      placed.unshift(answer.ok ? answer.order.orderId : "");
    }
    await stage.settleAll();
    const pages: string[][] = [];
    let last: SeenOrder | undefined;
    do {
      const page = await stage.orders.list("lister", last ?? null, 2);
      pages.push(page.map(({ orderId }) => orderId));
      last = page.at(-1);
    } while (last);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [2, 2, 1, 0],
    );
    assert.deepEqual(pages.flat().toSorted(), placed.toSorted());
    const all = await stage.orders.listAll(null, 5);
    assert.deepEqual(
      all.map(({ orderId }) => orderId),
      pages.flat(),
    );
  });
});
