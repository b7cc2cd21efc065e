import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import { signWebhook } from "#platform/standard-webhooks";
import type { Client, Order, Problem } from "../support/client.ts";
import { readEvents } from "../support/event-stream.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder, untilMoneyIs } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const goodCard = { cardNumber: "4242424242424242" };
const secret = "a webhook secret for tests only";

let world: World;
before(async () => {
  world = await openWorld({ settings: { PAYMENT_WEBHOOK_SECRET: secret } });
});
afterEach(disarmCrashPoints);
after(() => world.close());

type Confirmed = { buyer: Client; orderId: string; productId: string; paymentId: string };

/** One unit sold of two, and paid for. */
async function confirmed(user = "ada"): Promise<Confirmed> {
  const productId = await world.newProduct({ stock: 2 });
  const buyer = world.as(user);
  const { orderId } = await world.place(buyer, productId);
  await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
  const paid = await payOrder<{ paymentId: string }>(buyer, orderId, goodCard);
  assert.equal(paid.status, 202, JSON.stringify(paid.body));
  await untilMoneyIs(buyer, orderId, "captured");
  await world.untilStatus(buyer, orderId, "CONFIRMED");
  return { buyer, orderId, productId, paymentId: paid.body.paymentId };
}

function refund(orderId: string, body: object = { reason: "came back broken", restock: true }, by = world.admin) {
  return by.post<Order & Problem>(`/orders/${orderId}/refund`, body);
}

async function statementOf(paymentId: string): Promise<string[]> {
  return (await world.system.faces.simulator.statement(paymentId)).map(({ kind }) => kind);
}

describe("an operator refunds a confirmed order", () => {
  test("O5: the buyer gets the money once, the unit is on sale again once, and GET, stream and orders.events show it", async () => {
    const { buyer, orderId, productId, paymentId } = await confirmed();
    const seenBefore = (await buyer.get<Order>(`/orders/${orderId}`)).body.timeline.length;
    const answer = await refund(orderId);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.deepEqual([answer.body.status, answer.body.reason], ["REFUNDED", "came back broken"]);
    const again = await refund(orderId);
    assert.equal(again.status, 202);
    await untilMoneyIs(buyer, orderId, "refunded");
    const stock = await eventually(async () => {
      const now = await world.untilAtRest(productId);
      return now.available === 2 && now;
    });
    assert.deepEqual([stock.onHand, stock.sold, stock.held], [2, 1, 0]);
    assert.deepEqual(await statementOf(paymentId), ["authorized", "captured", "refunded"]);

    const reader = await readEvents(`${world.origin}/orders/${orderId}/events`, {
      "x-user-id": "ada",
      "last-event-id": String(seenBefore),
    });
    await reader.untilEnded();
    assert.deepEqual(
      reader.events.map(({ data }) => [data.status, data.reason]),
      [["REFUNDED", "came back broken"]],
    );
    assert.ok((await eventsOf(orderId)).includes("dropgate.order.refunded"));
  });

  test("K1: once its parcel was handed over a refund is refused, unless it says that it knows", async () => {
    const { buyer, orderId, productId, paymentId } = await confirmed();
    const linus = world.as("linus", "WAREHOUSE");
    assert.equal((await linus.post(`/parcels/${orderId}/scan`, { scanId: randomUUID(), code: productId })).status, 200);
    assert.equal((await linus.post(`/parcels/${orderId}/hand-over`)).status, 200);
    for (const restock of [true, false]) {
      const refused = await refund(orderId, { reason: "asked by phone", restock });
      assert.deepEqual([refused.status, refused.body.code], [409, "handed_over"]);
    }
    assert.deepEqual(await statementOf(paymentId), ["authorized", "captured"]);
    const forced = await world.admin.post<Order>(`/orders/${orderId}/refund?force=true`, { reason: "asked by phone" });
    assert.deepEqual([forced.status, forced.body.status], [202, "REFUNDED"]);
    await untilMoneyIs(buyer, orderId, "refunded");
    assert.equal((await world.untilAtRest(productId)).available, 1);
    assert.equal((await linus.get<{ state: string }>(`/parcels/${orderId}`)).body.state, "handed_over");
    assert.ok((await eventsOf(orderId)).includes("dropgate.order.handed-over"));
  });

  test("O5: two operators at once refund it once, and a request with other values is refused with what to do", async () => {
    const { buyer, orderId, productId, paymentId } = await confirmed();
    const ben = world.as("ben", "ADMIN");
    const same = await Promise.all([refund(orderId), refund(orderId, undefined, ben), refund(orderId)]);
    assert.deepEqual(
      same.map(({ status }) => status),
      [202, 202, 202],
    );
    const otherwise = await refund(orderId, { reason: "keep it", restock: false }, ben);
    assert.deepEqual([otherwise.status, otherwise.body.code], [409, "already_refunded"]);
    assert.match(otherwise.body.detail, /\/adjust/);
    await untilMoneyIs(buyer, orderId, "refunded");
    await eventually(async () => (await world.untilAtRest(productId)).available === 2);
    assert.deepEqual(await statementOf(paymentId), ["authorized", "captured", "refunded"]);
  });

  test("O5: without restock the unit stays sold", async () => {
    const { buyer, orderId, productId } = await confirmed();
    assert.equal((await refund(orderId, { reason: "a present" })).status, 202);
    await untilMoneyIs(buyer, orderId, "refunded");
    const { sold, available, onHand } = await world.untilAtRest(productId);
    assert.deepEqual({ sold, available, onHand }, { sold: 1, available: 1, onHand: 1 });
  });

  test("O5: an order that is not confirmed is refused, with what to do instead", async () => {
    const productId = await world.newProduct({ stock: 2 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    const open = await refund(orderId);
    assert.deepEqual([open.status, open.body.code], [409, "order_not_confirmed"]);
    assert.match(open.body.detail, /\/cancel/);
    assert.equal((await ada.post(`/orders/${orderId}/cancel`)).status, 202);
    const ended = await refund(orderId);
    assert.deepEqual([ended.status, ended.body.code], [409, "order_not_confirmed"]);
    assert.match(ended.body.detail, /CANCELLED/);
    assert.equal((await refund(randomUUID())).body.code, "order_not_found");
  });

  test("O5: only an ADMIN may do it, with a reason, and with nothing else in the request", async () => {
    const { buyer, orderId } = await confirmed();
    assert.equal((await refund(orderId, undefined, buyer)).status, 403);
    assert.equal((await refund(orderId, undefined, world.as("linus", "WAREHOUSE"))).status, 403);
    for (const body of [{}, { reason: "" }, { reason: "x", restock: "yes" }, { reason: "x", amount: 1 }]) {
      const answer = await refund(orderId, body);
      assert.deepEqual([answer.status, answer.body.code], [400, "validation"], JSON.stringify(body));
    }
    assert.equal((await buyer.get<Order>(`/orders/${orderId}`)).body.status, "CONFIRMED");
  });

  for (const point of ["refund.money-decided", "refund.units-entered", "payment.refund-answered"]) {
    test(`O5: a failure at ${point} loses nothing and does nothing twice`, async () => {
      const { buyer, orderId, productId, paymentId } = await confirmed();
      armCrashPoint(point, { kind: "error" }, 1);
      assert.equal((await refund(orderId)).status, 202);
      await untilMoneyIs(buyer, orderId, "refunded");
      await eventually(async () => (await world.untilAtRest(productId)).available === 2);
      await eventually(async () => (await world.system.faces.orders.unfinishedRefunds(undefined, 100)).length === 0);
      assert.equal((await world.untilAtRest(productId)).available, 2);
      assert.deepEqual(await statementOf(paymentId), ["authorized", "captured", "refunded"]);
    });
  }

  test("O5: a refund just before the capture leaves nothing captured and nothing held", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, productId);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    armCrashPoint("payment.capture-decided", { kind: "delay", ms: 300 });
    assert.equal((await payOrder(ada, orderId, goodCard)).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
    assert.equal((await refund(orderId)).status, 202);
    const { payment } = await eventually(async () => {
      const { body } = await ada.get<Order>(`/orders/${orderId}`);
      return /voided|refunded/.test(body.payment?.status ?? "") && body;
    });
    disarmCrashPoints();
    assert.equal(payment?.retryable, false);
    await eventually(async () => {
      const { rows } = await moneyOf(orderId);
      return rows.every(({ left }) => left === 0);
    });
  });
});

// Side by side, because each of them waits for loops; none arms a crash point.
describe("news from the provider about a confirmed order", { concurrency: true }, () => {
  async function tell(paymentId: string, status: string, more: object = {}): Promise<void> {
    const data = { paymentId, chargeId: "ch_outside", status, amountMinor: 1_999, currency: "EUR", ...more };
    const body = JSON.stringify({ type: `charge.${status}`, timestamp: new Date().toISOString(), data });
    const headers = signWebhook(secret, `evt_${randomUUID()}`, Buffer.from(body), Date.now());
    const answer = await world.anonymous.raw("POST", "/payments/webhooks/simulator", body, {
      ...headers,
      "content-type": "application/json",
    });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }

  const findings = async (orderId: string) => {
    const { body } = await world.admin.get<{ items: { findingId: number; orderId: string; kind: string }[] }>(
      "/payments/findings",
    );
    return body.items.filter((item) => item.orderId === orderId);
  };

  test("O5: a signed charge.refunded makes it REFUNDED, not a declined card that may be tried again", async () => {
    const { buyer, orderId, paymentId, productId } = await confirmed();
    await tell(paymentId, "refunded");
    const order = await world.untilStatus(buyer, orderId, "REFUNDED");
    assert.equal(order.reason, "refunded_by_provider");
    assert.ok(!order.timeline.some(({ status }) => status === "PAYMENT_DECLINED"), JSON.stringify(order.timeline));
    assert.deepEqual([order.payment?.status, order.payment?.retryable], ["refunded", false]);
    assert.equal((await world.untilAtRest(productId)).sold, 1);
    assert.equal((await payOrder<Problem>(buyer, orderId, goodCard)).status, 409);
    // The operator's refund of the same order finds it done.
    assert.equal((await refund(orderId, { reason: "asked for", restock: false })).status, 202);
    assert.equal((await refund(orderId, { reason: "asked for", restock: true })).body.code, "already_refunded");
  });

  test("O5: a partial refund is noted, and the order stays confirmed until all of it is refunded", async () => {
    const { buyer, orderId, paymentId } = await confirmed();
    await tell(paymentId, "partially_refunded", { refundedMinor: 500 });
    const noted = await eventually(async () => {
      const { body } = await buyer.get<Order>(`/orders/${orderId}`);
      return body.timeline.some(({ status }) => status === "PAYMENT_PARTLY_REFUNDED") && body;
    });
    assert.deepEqual([noted.status, noted.payment?.status], ["CONFIRMED", "captured"]);
    await tell(paymentId, "partially_refunded", { refundedMinor: 1_999 });
    await world.untilStatus(buyer, orderId, "REFUNDED");
  });

  test("O5: each partial refund is one event with its own sum, however often the provider tells it", async () => {
    const { orderId, paymentId } = await confirmed();
    const parts = await readParts(orderId);
    for (const refundedMinor of [500, 500, 1_000, 500]) {
      await tell(paymentId, "partially_refunded", { refundedMinor });
      await parts.until(refundedMinor);
    }
    // The event of the whole is behind all others of its order.
    await tell(paymentId, "refunded");
    await parts.untilRefunded();
    assert.deepEqual(parts.seen, [
      { partMinor: 500, givenBackMinor: 500, status: "CONFIRMED" },
      { partMinor: 500, givenBackMinor: 1_000, status: "CONFIRMED" },
    ]);
    await parts.close();
  });

  test("O5: a chargeback makes it REFUNDED, and is a finding with a metric until an operator closes it", async () => {
    const { buyer, orderId, paymentId } = await confirmed();
    await tell(paymentId, "disputed");
    await eventually(async () => (await findings(orderId)).some(({ kind }) => kind === "disputed"));
    assert.equal((await buyer.get<Order>(`/orders/${orderId}`)).body.status, "CONFIRMED");
    await tell(paymentId, "charged_back");
    const order = await world.untilStatus(buyer, orderId, "REFUNDED");
    assert.equal(order.reason, "charged_back");
    const open = await findings(orderId);
    assert.deepEqual(open.map(({ kind }) => kind).toSorted(), ["charged_back", "disputed"]);
    await eventually(async () => /payment_findings\{kind="charged_back"\} 1/.test(await scraped()));
    // An answer of health is kept for a second.
    await eventually(async () => {
      const { body } = await world.anonymous.get<{ components: Record<string, { details: { open?: number } }> }>(
        "/actuator/health",
      );
      return (body.components.paymentFindings?.details.open ?? 0) >= 2;
    });
    for (const { findingId } of open) {
      const closed = await world.admin.post(`/payments/findings/${findingId}/close`, { reason: "written off" });
      assert.equal(closed.status, 204);
    }
    assert.deepEqual(await findings(orderId), []);
    await eventually(async () => !/payment_findings\{kind="charged_back"\}/.test(await scraped()));
    assert.equal((await buyer.get<Problem>("/payments/findings")).status, 403);
  });

  test("H5: news that cannot be told keep no other order from its refund", async () => {
    const stuck = await confirmed("grace");
    const orders = world.system.faces.engines.sql("orders", 1);
    // Whatever its cause: the work of a refund exists, and its order was put back.
    const statement = `insert into orders.refund (order_id, reason, restock, actor, asked_at, done_at)
      values ($1, 'test', false, 'grace', now(), now())`;
    await orders.query(statement, [stuck.orderId]);
    await tell(stuck.paymentId, "refunded");
    const { buyer, orderId, productId } = await confirmed();
    assert.equal((await refund(orderId)).status, 202);
    await untilMoneyIs(buyer, orderId, "refunded");
    await eventually(async () => (await world.untilAtRest(productId)).available === 2);
    assert.equal((await stuck.buyer.get<Order>(`/orders/${stuck.orderId}`)).body.status, "CONFIRMED");
    await orders.query("delete from orders.refund where order_id = $1", [stuck.orderId]);
    await world.untilStatus(stuck.buyer, stuck.orderId, "REFUNDED");
  });

  test("O5: a manual void or capture at the bank reaches its order", async () => {
    const { buyer, orderId, paymentId } = await confirmed();
    assert.ok(await world.system.faces.simulator.byHand(paymentId, { deed: "void" }));
    const order = await world.untilStatus(buyer, orderId, "REFUNDED");
    assert.equal(order.reason, "voided_by_provider");
    assert.deepEqual(
      (await findings(orderId)).map(({ kind }) => kind),
      ["voided_outside"],
    );
  });
});

async function scraped(): Promise<string> {
  return (await world.anonymous.get<string>("/actuator/prometheus")).body;
}

/** The amount of each payment of the order that is held or captured at the bank. */
async function moneyOf(orderId: string) {
  const sql = world.system.faces.engines.sql("payment", 1);
  const rows = await sql.query<{ left: number }>(
    `select case when charge.status in ('authorized', 'captured') then charge.amount_minor else 0 end::int as left
       from payment_simulator.charge join payment.payment on payment.payment_id::text = charge.payment_id
      where order_id = $1`,
    [orderId],
  );
  return { rows };
}

/** The partial refunds of the order that `orders.events` tells, as they come. */
async function readParts(orderId: string) {
  const seen: { partMinor: number; givenBackMinor: number; status: string }[] = [];
  let isRefunded = false;
  const consumer = await world.system.faces.engines.log.consume({
    topic: "orders.events",
    group: randomUUID(),
    maxRecords: 500,
    async handle({ records }) {
      for (const { headers, value } of records.filter((record) => record.key === orderId)) {
        if (headers.ce_type === "dropgate.order.refunded") isRefunded = true;
        if (headers.ce_type !== "dropgate.order.partly-refunded") continue;
        const { partMinor, givenBackMinor, status } = JSON.parse(value.toString());
        seen.push({ partMinor, givenBackMinor, status });
      }
    },
  });
  return {
    seen,
    until: (sum: number) => eventually(() => seen.some(({ givenBackMinor }) => givenBackMinor === sum)),
    untilRefunded: () => eventually(() => isRefunded),
    close: () => consumer.close(),
  };
}

async function eventsOf(orderId: string): Promise<string[]> {
  const types: string[] = [];
  const consumer = await world.system.faces.engines.log.consume({
    topic: "orders.events",
    group: randomUUID(),
    maxRecords: 500,
    async handle({ records }) {
      for (const { key, headers } of records) if (key === orderId) types.push(headers.ce_type ?? "");
    },
  });
  await eventually(() => types.includes("dropgate.order.refunded"));
  await consumer.close();
  return types;
}

describe("the search of orders", () => {
  type Found = { items: Order[]; nextCursor: string | null };
  const search = async (query: string) => (await world.admin.get<Found>(`/admin/orders?${query}`)).body;
  const idsOf = ({ items }: Found) => items.map(({ orderId }) => orderId);

  test("finds orders by id, buyer, product, status and time, page by page, and for operators alone", async () => {
    const productId = await world.newProduct({ stock: 9 });
    const buyer = world.as("emmy");
    const placed: string[] = [];
    for (let i = 0; i < 3; i += 1) placed.unshift((await world.place(buyer, productId)).orderId);
    const [newest = "", , oldest = ""] = placed;
    for (const orderId of placed) await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    assert.equal((await buyer.post(`/orders/${oldest}/cancel`)).status, 202);
    await world.untilStatus(buyer, oldest, "CANCELLED");

    assert.deepEqual(idsOf(await search("q=emmy")), placed);
    assert.deepEqual(idsOf(await search(`productId=${productId}`)), placed);
    assert.deepEqual(idsOf(await search(`q=${newest}`)), [newest]);
    assert.deepEqual(idsOf(await search(`productId=${productId}&status=CANCELLED`)), [oldest]);
    assert.deepEqual(idsOf(await search("q=emmy&status=REFUNDED")), []);
    const { placedAt } = (await buyer.get<Order & { placedAt: string }>(`/orders/${newest}`)).body;
    assert.deepEqual(idsOf(await search(`q=emmy&from=${placedAt}`)), [newest]);
    assert.deepEqual(idsOf(await search(`q=emmy&to=${placedAt}`)), placed.slice(1));

    const first = await search("q=emmy&limit=2");
    assert.deepEqual(idsOf(first), placed.slice(0, 2));
    const last = await search(`q=emmy&limit=2&cursor=${first.nextCursor}`);
    assert.deepEqual([idsOf(last), last.nextCursor], [[oldest], null]);

    assert.equal((await world.admin.get("/admin/orders?from=2026-12-31T23:59:60Z")).status, 400);
    const adopted = await world.admin.post("/admin/orders/payments/adopt", { since: "2026-12-31T23:59:60Z" });
    assert.equal(adopted.status, 400);
    assert.equal((await buyer.get("/admin/orders")).status, 403);
    assert.equal((await world.as("linus", "WAREHOUSE").get("/admin/orders")).status, 403);
  });
});
