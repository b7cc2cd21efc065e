import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { lagOf } from "#engines/log";
import { readEntries } from "../../test/laws/stores.ts";
import { until } from "../../test/support/until.ts";
import { mortalSql, openWarehouseStage, type WarehouseStage } from "./warehouse.testing.ts";

let stage: WarehouseStage;
before(async () => {
  stage = await openWarehouseStage();
});
after(() => stage.close());

function scanOf(code: string, scanId = randomUUID()) {
  return { scanId, code };
}

async function stateOf(orderId: string): Promise<string> {
  const [row] = await stage.sql.query<{ state: string }>("select state from warehouse.parcel where order_id = $1", [
    orderId,
  ]);
  return row?.state ?? "none";
}

async function picked(options: Parameters<WarehouseStage["paidOrder"]>[0] = {}) {
  const order = await stage.paidOrder(options);
  const answer = await stage.linus("POST", `/parcels/${order.orderId}/scan`, scanOf(order.productId));
  assert.equal(answer.body.state, "picked", JSON.stringify(answer.body));
  return order;
}

const brokenRefund = { reason: "broken", restock: true, actor: "grace" };

test("each paid order becomes one parcel, however often its event comes, and a refund ends it", async () => {
  const [{ orderId }, open] = [await stage.paidOrder(), await stage.paidOrder()];
  const selling = await stage.orders.start();
  const running = await stage.warehouse.run();
  try {
    await until(async () => (await stateOf(orderId)) === "to_pick");
    await stage.orders.refund(orderId, brokenRefund);
    await until(async () => (await stateOf(orderId)) === "cancelled");
    await until(async () => (await stateOf(open.orderId)) === "to_pick");
    const events = (["CONFIRMED", "REFUNDED", "CONFIRMED"] as const).map((what) => stage.eventOf(orderId, what));
    await stage.log.append("orders.events", [...events, stage.eventOf(open.orderId, "CONFIRMED")]);
    const ends = await stage.log.endOffsets("orders.events");
    await until(async () => lagOf(ends, await stage.log.committedOffsets("parcels", "orders.events")) === 0);
    assert.deepEqual([await stateOf(orderId), await stateOf(open.orderId)], ["cancelled", "to_pick"]);
    const { body } = await stage.linus("GET", "/parcels?state=cancelled");
    assert.deepEqual(
      body.items.map((parcel: { orderId: string }) => parcel.orderId),
      [orderId],
    );
  } finally {
    await running.stop();
    await selling.stop();
  }
});

test("O21: a paid order whose event the log lost gets its parcel all the same", async () => {
  // No event is sent, because the orders' own loops do not run.
  const { orderId } = await stage.paidOrder();
  const running = await stage.warehouse.run();
  try {
    await until(async () => (await stateOf(orderId)) === "to_pick");
  } finally {
    await running.stop();
  }
});

test("a parcel is picked by scans: the wrong code is refused and stored, the right one counts", async () => {
  const { orderId, productId } = await stage.paidOrder({ quantity: 2, barcode: "4006381333931" });
  const started = await stage.linus("POST", `/parcels/${orderId}/start`);
  assert.deepEqual([started.status, started.body.state, started.body.assignee], [200, "picking", "linus"]);
  const wrong = await stage.linus("POST", `/parcels/${orderId}/scan`, scanOf(productId));
  assert.deepEqual([wrong.status, wrong.body.code], [409, "wrong_item"]);
  assert.match(wrong.body.detail, /4006381333931/);
  const early = await stage.linus("POST", `/parcels/${orderId}/hand-over`);
  assert.deepEqual([early.status, early.body.code], [409, "not_picked"]);

  const first = await stage.linus("POST", `/parcels/${orderId}/scan`, scanOf("4006381333931"));
  assert.deepEqual([first.status, first.body.state, first.body.scanned], [200, "picking", 1]);
  const second = await stage.linus("POST", `/parcels/${orderId}/scan`, scanOf("4006381333931"));
  assert.deepEqual([second.status, second.body.state, second.body.scanned], [200, "picked", 2]);
  const third = await stage.linus("POST", `/parcels/${orderId}/scan`, scanOf("4006381333931"));
  assert.deepEqual([third.status, third.body.code], [409, "wrong_item"]);
  const { body } = await stage.linus("GET", `/parcels/${orderId}`);
  assert.deepEqual(
    body.scans.map((scan: { result: string }) => scan.result),
    ["surplus", "right", "right", "wrong"],
  );
  assert.deepEqual([body.name, body.bin], [`Lamp ${productId}`, "A-1"]);

  const gone = await stage.linus("POST", `/parcels/${orderId}/hand-over`);
  assert.deepEqual([gone.status, gone.body.state], [200, "handed_over"]);
  for (const path of ["start", "hand-over"]) {
    const again = await stage.linus("POST", `/parcels/${orderId}/${path}`);
    assert.deepEqual([again.status, again.body.code], [409, "handed_over"]);
  }
  const order = await stage.orders.read(orderId);
  assert.deepEqual([order?.status, order?.timeline.at(-1)?.status], ["CONFIRMED", "HANDED_OVER"]);
});

test("K2: a scan counts once, sent five times at once, again, and never for another parcel", async () => {
  const { orderId, productId } = await stage.paidOrder({ quantity: 3 });
  const scan = scanOf(productId);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => stage.linus("POST", `/parcels/${orderId}/scan`, scan)),
  );
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.scanned]),
    Array.from({ length: 5 }, () => [200, 1]),
  );
  assert.equal(answers.filter(({ headers }) => headers["idempotency-replayed"] === "true").length, 4);
  const other = await stage.paidOrder();
  for (const [id, code] of [
    [other.orderId, other.productId],
    [orderId, "another code"],
  ] as const) {
    const answer = await stage.linus("POST", `/parcels/${id}/scan`, { ...scan, code });
    assert.deepEqual([answer.status, answer.body.code], [422, "scan_mismatch"]);
  }
  const wrong = scanOf("nothing of ours");
  for (let i = 0; i < 2; i += 1) {
    assert.equal((await stage.linus("POST", `/parcels/${orderId}/scan`, wrong)).body.code, "wrong_item");
  }
  const { body } = await stage.linus("GET", `/parcels/${orderId}`);
  assert.deepEqual([body.scanned, body.scans.length], [1, 2]);
});

test("of two people who start a parcel at once one picks it, until the other takes it over", async () => {
  const { orderId, productId } = await stage.paidOrder();
  const mona = stage.as("mona");
  const both = await Promise.all([stage.linus, mona].map((one) => one("POST", `/parcels/${orderId}/start`)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
  const [winner, loser] = both[0]?.status === 200 ? [stage.linus, mona] : [mona, stage.linus];
  for (const [path, body] of [
    ["start", undefined],
    ["scan", scanOf(productId)],
    ["short", { reason: "gone" }],
    ["hand-over", undefined],
  ] as const) {
    const answer = await loser("POST", `/parcels/${orderId}/${path}`, body);
    assert.deepEqual([answer.status, answer.body.code], [409, "picked_by_other"], path);
  }
  assert.equal((await loser("POST", `/parcels/${orderId}/start?takeOver=true`)).status, 200);
  assert.equal((await winner("POST", `/parcels/${orderId}/start`)).body.code, "picked_by_other");
  assert.equal((await stage.linus("POST", `/parcels/${orderId}/start?takeOver=true`)).body.assigneeName, "Linus");
  assert.equal("assigneeName" in (await mona("POST", `/parcels/${orderId}/start?takeOver=true`)).body, false);
});

test("A6: cancel ∥ scan: the scan asks the order, so after a refund it is refused although no event has come", async () => {
  const { orderId, productId } = await stage.paidOrder({ quantity: 2 });
  const first = scanOf(productId);
  await stage.linus("POST", `/parcels/${orderId}/scan`, first);
  await stage.orders.refund(orderId, brokenRefund);
  for (const scan of [scanOf(productId), first]) {
    const answer = await stage.linus("POST", `/parcels/${orderId}/scan`, scan);
    assert.deepEqual([answer.status, answer.body.code, answer.body.state], [409, "parcel_cancelled", "cancelled"]);
  }
  const { body } = await stage.linus("GET", `/parcels/${orderId}`);
  assert.deepEqual(
    [body.scanned, body.scans.map((scan: { result: string }) => scan.result)],
    [1, ["cancelled", "right"]],
  );
  assert.equal((await stage.linus("POST", `/parcels/${orderId}/start`)).body.code, "parcel_cancelled");
});

test("refund ∥ hand-over: one of them comes first, and the other is refused (K1)", async () => {
  const firsts: string[] = [];
  for (let i = 0; i < 12; i += 1) {
    const { orderId } = await picked();
    // Both begin at the same moment; each comes first in some rounds.
    const acts = [
      () => stage.orders.refund(orderId, brokenRefund).then((order) => order !== undefined),
      () => stage.linus("POST", `/parcels/${orderId}/hand-over`).then(({ status }) => status === 200),
    ];
    if (i % 3 === 0) await stage.warehouse.find(orderId);
    const [refunded, handedOver] = await Promise.all(acts.map((act) => act()));
    assert.equal(refunded, !handedOver, `round ${i}`);
    const [order] = await stage.orders.booked([orderId]);
    assert.equal(order?.status, refunded ? "REFUNDED" : "CONFIRMED");
    assert.equal(order?.handedOverAt === null, refunded);
    firsts.push(refunded ? "refund" : "hand-over");
  }
  assert.ok(firsts.includes("refund"), firsts.join());

  const { orderId } = await picked();
  assert.equal((await stage.linus("POST", `/parcels/${orderId}/hand-over`)).status, 200);
  assert.equal(await stage.orders.refund(orderId, brokenRefund), undefined);
  const forced = await stage.orders.refund(orderId, { ...brokenRefund, restock: false, evenIfHandedOver: true });
  assert.equal(forced?.status, "REFUNDED");
  assert.equal((await stage.linus("GET", `/parcels/${orderId}`)).body.state, "handed_over");
});

test("short pick twice, at once and again: the order is refunded once and its units are written off once (K3)", async () => {
  const { orderId, productId } = await stage.paidOrder({ quantity: 2, stock: 2 });
  const before = await stage.inventory.books.stock(productId);
  const twice = await Promise.all(
    [0, 1].map(() => stage.linus("POST", `/parcels/${orderId}/short`, { reason: "the bin is empty" })),
  );
  const again = await stage.linus("POST", `/parcels/${orderId}/short`, { reason: "the bin is empty" });
  for (const { status, body } of [...twice, again]) assert.deepEqual([status, body.state], [200, "short"]);
  await assertShortOnce(orderId, 2);
  assert.deepEqual(await stage.inventory.books.stock(productId), before);
  assert.equal(
    (await stage.linus("POST", `/parcels/${orderId}/scan`, scanOf(productId))).body.code,
    "parcel_cancelled",
  );
  assert.deepEqual(stage.faults, []);
});

test("a short pick of an order that was refunded before, or has left, writes nothing off", async () => {
  const refunded = await picked();
  await stage.orders.refund(refunded.orderId, brokenRefund);
  const late = await stage.linus("POST", `/parcels/${refunded.orderId}/short`, { reason: "gone" });
  assert.deepEqual([late.status, late.body.code], [409, "parcel_cancelled"]);
  for (let i = 0; i < 6; i += 1) {
    const { orderId } = await picked();
    const [short, gone] = await Promise.all([
      stage.linus("POST", `/parcels/${orderId}/short`, { reason: "gone" }),
      stage.linus("POST", `/parcels/${orderId}/hand-over`),
    ]);
    assert.notEqual(short.status === 200, gone.status === 200, JSON.stringify([short.body, gone.body]));
    const entries = await entriesOf(orderId);
    assert.equal(entries.length, short.status === 200 ? 2 : 0);
  }
  assert.deepEqual(await entriesOf(refunded.orderId), []);
});

test("a short pick ends in one refund and one write-off, wherever the process dies", async (t) => {
  for (let place = 1; place < 200; place += 1) {
    const { orderId } = await stage.paidOrder();
    await stage.warehouse.find(orderId);
    const { mortal, isOver } = mortalSql(stage.sql, place);
    await stage
      .openOn(mortal)
      .short(orderId, "linus", "gone")
      .catch((error) => assert.ok(isOver(), error));
    // Its person asks again, because no answer came.
    await stage.warehouse.short(orderId, "linus", "gone");
    await assertShortOnce(orderId, 1);
    if (isOver()) continue;
    t.diagnostic(`${place - 1} places to die`);
    return assert.ok(place > 20);
  }
  throw new Error("the story does not end");
});

test("a short pick that a process left half done is finished by the loop of another one", async () => {
  const { orderId } = await stage.paidOrder();
  await stage.warehouse.find(orderId);
  await stage.sql.query(
    "update warehouse.parcel set state = 'short', short_reason = 'gone', assignee = 'linus' where order_id = $1",
    [orderId],
  );
  const running = await stage.warehouse.run();
  try {
    await until(async () => {
      const parcel = await stage.warehouse.find(orderId);
      return parcel?.parcel.shortDoneAt !== null;
    });
  } finally {
    await running.stop();
  }
  await assertShortOnce(orderId, 1);
});

test("short parcels that can never be finished keep no other one waiting, however many they are", async () => {
  const { orderId } = await stage.paidOrder();
  await stage.warehouse.find(orderId);
  const stuck: string[] = [];
  // More than a page of them, and at once no more than may wait.
  while (stuck.length <= 100) {
    const some = await Promise.all(Array.from({ length: 20 }, () => stage.paidOrder()));
    for (const { orderId } of some) await stage.warehouse.find(orderId);
    stuck.push(...some.map(({ orderId }) => orderId));
  }
  // No product takes the write-off of the first ones.
  await stage.sql.query(
    `update warehouse.parcel set state = 'short', short_reason = 'gone', assignee = 'linus',
            product_id = case when order_id = $1 then product_id else 'gone' end,
            changed_at = case when order_id = $1 then changed_at else now() - interval '1 hour' end
      where order_id = any($2::uuid[])`,
    [orderId, [orderId, ...stuck]],
  );
  const running = await stage.warehouse.run();
  try {
    await until(async () => (await stage.warehouse.find(orderId))?.parcel.shortDoneAt !== null);
  } finally {
    await running.stop();
    await stage.sql.query("delete from warehouse.parcel where order_id = any($1::uuid[])", [stuck]);
  }
  await assertShortOnce(orderId, 1);
});

test("parcels are listed by the time of their orders, page by page, each once", async () => {
  for (let i = 0; i < 3; i += 1) await stage.paidOrder();
  const { body: whole } = await stage.linus("GET", "/parcels?limit=100");
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await stage.linus("GET", `/parcels?limit=4${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.items.map((parcel: { orderId: string }) => parcel.orderId));
    cursor = body.nextCursor ?? "";
  } while (cursor !== "");
  assert.deepEqual(
    seen,
    whole.items.map((parcel: { orderId: string }) => parcel.orderId),
  );
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.length > 4);
  for (const path of ["/parcels?cursor=x", "/parcels?state=lost"]) {
    assert.equal((await stage.linus("GET", path)).body.code, "validation");
  }
  for (const id of ["nothing", randomUUID()]) {
    assert.equal((await stage.linus("POST", `/parcels/${id}/start`)).body.code, "parcel_not_found");
  }
  assert.equal((await stage.as("ada", "CUSTOMER")("GET", "/parcels")).status, 403);
});

async function entriesOf(orderId: string) {
  return (await readEntries(stage.sql, [await stage.productOf(orderId)]))
    .filter(({ ref }) => ref.endsWith(orderId))
    .toSorted((a, b) => a.quantity - b.quantity);
}

async function assertShortOnce(orderId: string, quantity: number): Promise<void> {
  const entries = await entriesOf(orderId);
  assert.deepEqual(
    entries.map((entry) => entry.quantity),
    [-quantity, quantity],
  );
  const [order] = await stage.orders.booked([orderId]);
  assert.deepEqual([order?.status, order?.reason], ["REFUNDED", "short_pick"]);
  assert.equal(order?.timeline.filter(({ status }) => status === "REFUNDED").length, 1);
  assert.equal(await stateOf(orderId), "short");
}
