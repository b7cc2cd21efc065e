/** Everything that is known of one order, as an operator reads it: the route, the command, and parts that are away. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createBlackBox } from "#desk";
import { GateUnavailable } from "#inventory";
import type { BlackBoxView } from "#wire/desk";
import { tellOrder } from "../../src/cli/order.ts";
import type { Order, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

const receiver = createServer((_request, response) => response.end("ok"));
let world: World;
before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  world = await openWorld({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } });
});
after(async () => {
  await world?.close();
  receiver.closeAllConnections();
  receiver.close();
});

async function read(order: string): Promise<BlackBoxView> {
  return (await world.admin.get<BlackBoxView>(`/admin/black-box/${order}`)).body;
}

function saysOf({ lines }: BlackBoxView): string {
  return lines.map(({ source, says }) => `${source}: ${says}`).join("\n");
}

/** `dropgate order`, without the process around it. */
async function order(asked: string): Promise<string> {
  const lines: string[] = [];
  const ask = async (_method: string, path: string) => (await world.admin.get<never>(path)).body;
  await tellOrder(ask, { order: asked, json: false }, (line) => lines.push(line));
  return lines.join("\n");
}

describe("the black box of an order", () => {
  test("has one timeline of gate, log, stock, books, payment, mails, webhooks, parcel, acts and dead letters", async () => {
    const { port } = receiver.address() as AddressInfo;
    const hook = await world.admin.post("/webhooks", { url: `http://127.0.0.1:${port}/hook`, events: [] });
    assert.equal(hook.status, 201, JSON.stringify(hook.body));
    const lamp = await world.newProduct({ stock: 2 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, lamp);
    const { payBy } = await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    // A busy machine may need more than the two seconds that a part has.
    const open = await eventually(async () => {
      const box = await read(orderId);
      return box.away.length === 0 && box;
    });
    assert.ok(open.next.startsWith(`It waits for its payment until ${payBy}; then it fails`), open.next);
    assert.match(open.next, /its unit goes back on sale\.$/);

    for (const cardNumber of ["4000 0000 0000 0010", "4242 4242 4242 4242"]) {
      await eventually(async () => (await ada.post(`/orders/${orderId}/payment`, { cardNumber })).status === 202);
    }
    await world.untilStatus(ada, orderId, "CONFIRMED");
    const { engines } = world.system.faces;
    await engines.mail.send({ key: `order-paid:${orderId}`, to: "ada@example.com", subject: "Paid", text: "Thanks." });
    await engines.log.append("orders.reservations.dlq", [
      { key: orderId, value: Buffer.from("{"), headers: { "dlq-error": "no JSON" } },
    ]);
    const confirmed = await eventually(async () => {
      const box = await read(orderId);
      const says = saysOf(box);
      return /parcel is to_pick/.test(says) && /dead letter/.test(says) && / is captured/.test(says) && box;
    });
    assert.equal(confirmed.next, "Its parcel waits to be picked.");

    assert.equal(
      (await world.admin.post(`/orders/${orderId}/refund`, { reason: "broken", restock: true })).status,
      202,
    );
    const told = [
      /^stock: 1 unit claimed$/m,
      /^stock: 1 unit sold$/m,
      /^stock: admin entered 1 unit: broken$/m,
      /^books: PAYMENT_DECLINED: card_declined$/m,
      /^books: CONFIRMED$/m,
      /^books: admin asked for a refund and to take the units back: broken$/m,
      /^log: dropgate\.order\.confirmed is on the log$/m,
      /^payment: attempt 1: simulator is asked for EUR 19\.99, card …0010$/m,
      /^payment: attempt 1 is declined \(card_declined\)$/m,
      /^payment: attempt 2 is kept: the order is confirmed by it$/m,
      /^payment: attempt 2 is refunded/m,
      /refund is done/,
      /^mail: "Paid" to ada@example\.com is kept$/m,
      /^webhooks: dropgate\.order\.confirmed is delivered after \d+ tries: answered 200$/m,
      /order\.refunded is delivered/,
      /^warehouse: the parcel is cancelled, 0 of 1 scanned$/m,
      /^audit: admin refundOrder: done$/m,
      /^dead letters: dead letter \d+ of orders\.reservations$/m,
    ];
    const box = await eventually(async () => {
      const now = await read(orderId);
      const says = saysOf(now);
      for (const one of told) assert.match(says, one);
      return now.away.length === 0 && !says.includes("outbox") && now;
    });
    const times = box.lines.map(({ at }) => Date.parse(at));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(box.next, "Nothing: it is refunded.");
    assert.deepEqual(box.away, []);
    assert.equal(box.order?.status, "REFUNDED");
  });

  test("of an order that costs nothing speaks of no payment that is asked for, and of no refund at its end", async () => {
    const gift = await world.newProduct({ stock: 1, price: 0 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, gift);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    const open = await read(orderId);
    assert.match(open.next, /^It waits for its buyer to confirm it until /);
    assert.equal((await ada.post(`/orders/${orderId}/payment`, {})).status, 202);
    await world.untilStatus(ada, orderId, "CONFIRMED");
    const confirmed = await eventually(async () => {
      const box = await read(orderId);
      return /attempt 1: it costs nothing, so no provider is asked/.test(saysOf(box)) && box;
    });
    assert.doesNotMatch(`${confirmed.next} ${saysOf(confirmed)}`, /is paid|EUR/);
    await world.admin.post(`/orders/${orderId}/refund`, { reason: "off", restock: false });
    await eventually(async () => (await read(orderId)).next === "Nothing: it is taken back.");
  });

  test("is found by the short code too, and the command prints it with the age of each line", async () => {
    const lamp = await world.newProduct({ stock: 1 });
    const ada = world.as("ada");
    const { orderId } = await world.place(ada, lamp);
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    const { code } = (await ada.get<Order & { code: string }>(`/orders/${orderId}`)).body;
    for (const asked of [orderId, code, code.toLowerCase()]) {
      // A busy machine may need more than the two seconds that a part has.
      const text = await eventually(async () => {
        const printed = await order(asked);
        return !printed.includes("did not answer") && printed;
      });
      assert.ok(text.startsWith(`order ${orderId} (${code}): PAYMENT_PENDING\n1 × ${lamp} for ada, 1999 EUR`), text);
      assert.match(text, /^\S+Z +\d+\.\d s {2}stock +1 unit claimed$/m);
      assert.match(
        text,
        /\n\n\d+ entries, a chain of hashes; the shop signed the last one: [0-9a-f]{64}\n\nNext: It waits for its/,
      );
    }
  });

  test("an order that does not exist is refused in a sentence, by id and by code, and only an ADMIN may ask", async () => {
    for (const asked of ["00000000-0000-8000-8000-000000000000", "00000000"]) {
      const { status, body } = await world.admin.get<Problem>(`/admin/black-box/${asked}`);
      assert.deepEqual([status, body.code], [404, "order_not_found"], asked);
    }
    await assert.rejects(order("lamp"), /lamp is neither an order's id nor its short code/);
    assert.equal((await world.as("ada").get("/admin/black-box/00000000")).status, 403);
  });

  test("an order that does not exist is told as such, also after a person tried to act on it", async () => {
    const unknown = "00000000-0000-8000-8000-000000000001";
    assert.equal((await world.admin.post(`/orders/${unknown}/cancel`)).status, 404);
    assert.match(saysOf(await read(unknown)), /^audit: admin cancelOrder: refused$/m);
    await assert.rejects(order(unknown), {
      message: `there is no order ${unknown}: neither the gate nor the books have it`,
    });
  });

  test("is told without the parts that do not answer, and names them", async () => {
    const lamp = await world.newProduct({ stock: 1 });
    const { orderId } = await world.place(world.as("ada"), lamp);
    await world.untilStatus(world.as("ada"), orderId, "PAYMENT_PENDING");
    const { accounts, desk, engines, ...faces } = world.system.faces;
    const record = async () => {
      throw new GateUnavailable("record", new Error("the connection is closed"));
    };
    const inventory = { ...faces.inventory, gate: { ...faces.inventory.gate, record } };
    const orders = { ...faces.orders, lag: () => new Promise<never>(() => {}) };
    const parts = { ...faces, inventory, orders, audit: accounts.audit, mail: engines.mail, letters: desk.letters };
    const blackBox = createBlackBox({ ...parts, now: Date.now });
    const { away, lines, order } = await eventually(async () => {
      const opened = await blackBox.read(orderId);
      assert.ok(opened.ok);
      return opened.box.away.length === 2 && opened.box;
    });
    assert.deepEqual(
      away.map(({ source }) => source),
      ["gate", "log"],
    );
    assert.match(away[0]?.why ?? "", /the gate did not answer record: the connection is closed/);
    assert.equal(order?.status, "PAYMENT_PENDING");
    assert.ok(lines.some(({ source }) => source === "stock"));
  });
});
