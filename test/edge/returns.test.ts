/** After a drop is sold out its line gets the units that come back, one person after the other, by pass. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, describe, type TestContext, test } from "node:test";
import pg from "pg";
import { randomHex } from "#platform/ids";
import { createDropgate } from "../../packages/client/src/client.ts";
import type { Answer, Client, Order, PlacedOrder, Problem } from "../support/client.ts";
import { decideNow, endTimeToPay, holdDecision } from "../support/deadline.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder } from "../support/pay.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Place = { place: number; offeredUntil: string | null; done: boolean };
type Pass = { pass: string; productId: string; orderId: string; expiresAt: string };
type Refused = Problem & { roomUrl?: string; listUrl?: string };

const slowCard = { cardNumber: "4000 0000 0000 0909" };

// Side by side: each has a drop of its own.
describe("units that come back after a drop is sold out", { concurrency: true }, () => {
  let world: World;
  let books: pg.Client;
  before(async () => {
    world = await openWorld({ settings: { PAYMENT_GRACE_MS: "0", WEBHOOKS_ALLOW_PRIVATE: "true" } });
    books = new pg.Client({ connectionString: world.databaseUrl });
    await books.connect();
  });
  after(async () => {
    // Resolves once the connection has ended. A pool does not wait for its own.
    await books?.end();
    await world.close();
  });

  const order = (buyer: Client, productId: string, pass?: string, quantity = 1) =>
    buyer.post<PlacedOrder & Refused>("/orders", { productId, quantity }, pass ? { "drop-pass": pass } : {});

  /** Each of the sizes has been bought, and from now on it is for the line. */
  async function soldOut(sizes: readonly string[], closesInMs = hourMs) {
    const dropId = `drop-${randomHex(4)}`;
    const productIds = await Promise.all(sizes.map(() => world.newProduct({ stock: 1, limitPerCustomer: 1 })));
    const drop = {
      dropId,
      name: "Lamps",
      zone: "Europe/Berlin",
      listAfterSoldOut: true,
      opensAt: inMs(-1_000),
      closesAt: inMs(closesInMs),
      products: productIds.map((productId, i) => ({ productId, label: sizes[i] })),
    };
    const made = await world.admin.post("/drops", drop);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const told = await world.admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
    assert.equal(told.status, 200, JSON.stringify(told.body));
    const buyers = sizes.map((size) => world.as(`first-${size}-${dropId}`));
    const orderIds = await Promise.all(
      buyers.map((buyer, i) =>
        eventually(async () => {
          const { status, body } = await order(buyer, productIds[i] as string);
          return status === 202 && body.orderId;
        }),
      ),
    );
    const nosy = world.as(`nosy-${dropId}`);
    for (const productId of productIds)
      await eventually(async () => (await order(nosy, productId)).body.code === "pass_required");
    const room = `/drops/${dropId}/room`;
    const placeOf = async (person: Client) => (await person.get<Place>(`${room}/place`)).body;
    return {
      dropId,
      productIds: productIds as [string, ...string[]],
      first: buyers.map((buyer, i) => ({ buyer, orderId: orderIds[i] as string })) as [First, ...First[]],
      room,
      placeOf,
      async joins(name: string) {
        const person = world.as(`${name}-${dropId}`);
        assert.equal((await person.post(room)).status, 200);
        return person;
      },
      untilOffered: (person: Client) => eventually(async () => (await placeOf(person)).offeredUntil !== null),
      async pass(person: Client, productId: string) {
        const answer = await person.post<Pass & Problem>(`${room}/pass`, { productId });
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        return answer.body;
      },
      exchange: (person: Client, pass: string, productId: string) =>
        person.post<Pass & Problem>(`${room}/pass/exchange`, { pass, productId }),
      /** The offers of these people end now, and not after ten minutes. */
      lapse: () =>
        books.query(
          "update room.place set offered_until = now() - interval '1 minute' where drop_id = $1 and offered_until > now()",
          [dropId],
        ),
    };
  }
  type First = { buyer: Client; orderId: string };

  test("F5: one that is not paid in time goes to the next in line, and a payment that comes late goes back", async (t) => {
    const heard = await events(t);
    const { dropId, productIds, first, room, ...line } = await soldOut(["M"]);
    const [productId] = productIds;
    const [{ buyer, orderId }] = first;
    const refused = (await order(world.as("nosy"), productId)).body;
    assert.deepEqual([refused.code, refused.roomUrl], ["pass_required", room]);
    // An account with an address, so that an offer reaches it by mail.
    const address = `eve@${dropId}.example`;
    await books.query(
      `insert into identity.account (account_id, email, name, roles, verified_at, changed_at)
       values ($1, $2, 'Eve', '{CUSTOMER}', now(), now())`,
      [`eve-${dropId}`, address],
    );
    const [eve, dan, fay] = [await line.joins("eve"), await line.joins("dan"), await line.joins("fay")];

    assert.equal((await payOrder(buyer, orderId, slowCard)).status, 202);
    await holdDecision(world, orderId);
    await endTimeToPay(world, orderId);
    await line.untilOffered(eve);
    assert.equal((await world.anonymous.get<{ mode: string }>(room)).body.mode, "offers");
    assert.equal((await order(world.as("nosy"), productId)).body.code, "pass_required");
    const early = await dan.post<Problem>(`${room}/pass`, { productId });
    assert.deepEqual([early.status, early.body.code], [409, "not_your_turn"]);
    await eventually(async () => {
      const { rows } = await books.query("select key from mail.message where recipient = $1", [address]);
      return rows[0]?.key === `offer:${dropId}:1`;
    });

    await decideNow(world, orderId);
    await eventually(async () => (await buyer.get<Order>(`/orders/${orderId}`)).body.payment?.status === "voided");
    const late = (await buyer.get<Order>(`/orders/${orderId}`)).body;
    assert.deepEqual([late.status, late.reason], ["FAILED", "next_in_line"]);

    await line.lapse();
    await line.untilOffered(dan);
    assert.equal((await line.placeOf(eve)).done, true);
    const missed = await eve.post<Problem>(`${room}/pass`, { productId });
    assert.deepEqual([missed.status, missed.body.code], [409, "not_your_turn"]);
    const { pass, orderId: expected } = await line.pass(dan, productId);
    const taken = await order(dan, productId, pass);
    assert.deepEqual([taken.status, taken.body.orderId], [202, expected]);
    await eventually(async () => (await line.placeOf(dan)).done);
    // There was one unit, so no one else was offered any.
    assert.equal((await line.placeOf(fay)).offeredUntil, null);
    const offers = ["dropgate.room.offered 1", "dropgate.room.lapsed 1", "dropgate.room.offered 2"];
    await eventually(() => offers.every((one) => heard(dropId).includes(one)));
    assert.deepEqual(heard(dropId).toSorted(), offers.toSorted());
  });

  test("F3: a pass makes one order, of its person and product, also in a retry after its end; another size is an exchange", async () => {
    const { dropId, productIds, first, ...line } = await soldOut(["M", "L"]);
    const [medium, large] = productIds as [string, string];
    const [ada, bob] = [await line.joins("ada"), await line.joins("bob")];
    const code = ({ status, body }: Answer<Problem>) => [status, body.code];
    for (const { buyer, orderId } of first) assert.equal((await cancelOrder(buyer, orderId)).status, 202);
    await line.untilOffered(ada);
    await line.untilOffered(bob);
    const held = await line.pass(ada, medium);
    assert.deepEqual(code(await order(bob, medium, held.pass)), [403, "pass_invalid"]);
    assert.deepEqual(code(await order(ada, large, held.pass)), [403, "pass_invalid"]);
    assert.deepEqual(code(await order(ada, medium, `${held.pass}x`)), [403, "pass_invalid"]);
    assert.deepEqual(code(await line.exchange(bob, held.pass, large)), [403, "pass_invalid"]);
    assert.deepEqual(code(await line.exchange(ada, held.pass, "another")), [409, "product_not_in_drop"]);

    const changed = await line.exchange(ada, held.pass, large);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual([changed.body.productId, changed.body.expiresAt], [large, held.expiresAt]);
    assert.equal((await line.exchange(ada, held.pass, large)).body.pass, changed.body.pass);
    assert.deepEqual(code(await order(ada, medium, held.pass)), [403, "pass_invalid"]);

    const { pass, orderId } = changed.body;
    // Of two at once one may hear that the other's outcome is not known yet.
    const tabs = await Promise.all([order(ada, large, pass), order(ada, large, pass)]);
    for (const { status, body } of tabs) assert.ok(status === 202 || body.code === "outcome_pending", body.code);
    const again = await eventually(async () => {
      const answer = await order(ada, large, pass);
      return answer.status === 202 && answer;
    });
    assert.deepEqual([again.body.orderId, again.headers["idempotency-replayed"]], [orderId, "true"]);
    assert.deepEqual(code(await order(ada, large, pass, 2)), [422, "idempotency_mismatch"]);
    const spent = await line.exchange(ada, pass, medium);
    assert.deepEqual([...code(spent), spent.body.orderId], [409, "pass_spent", orderId]);

    const { passes } = world.system.faces.identity;
    // By the clock of the shop, which is the database's and is read over the network.
    const expiresAtMs = Date.now() - 60_000;
    const expired = passes.sign({ ...fieldsOf(pass), expiresAtMs });
    const retry = await order(ada, large, expired);
    assert.deepEqual([retry.status, retry.body.orderId], [202, orderId]);
    const unused = passes.sign({ ...fieldsOf(pass), passId: randomHex(16), expiresAtMs });
    assert.deepEqual(code(await order(ada, large, unused)), [403, "pass_expired"]);
    // What ada gave back is bob's.
    const token = world.system.faces.identity.issue({ user: `bob-${dropId}`, role: "CUSTOMER", ttlMs: hourMs });
    const client = createDropgate({ baseUrl: world.origin, headers: { authorization: `Bearer ${token}` } });
    const bobs = await line.pass(bob, medium);
    const bought = await client.buy({ productId: medium, quantity: 1 }, { pass: bobs.pass });
    assert.equal(bought.ok && bought.order.orderId, bobs.orderId);

    function fieldsOf(token: string) {
      const fields = passes.read(token);
      assert.ok(fields);
      assert.deepEqual([fields.dropId, fields.userId], [dropId, `ada-${dropId}`]);
      return fields;
    }
  });

  test("F5: none is offered when the drop closes before the offer would end, and some are once it closes later", async () => {
    const { dropId, first, ...line } = await soldOut(["M"], 500_000);
    const ada = await line.joins("ada");
    const [{ buyer, orderId }] = first;
    assert.equal((await cancelOrder(buyer, orderId)).status, 202);
    await eventually(
      async () =>
        (await world.anonymous.get<{ products: { free: number }[] }>(`/drops/${dropId}/live`)).body.products[0]?.free,
    );
    const turnedAt = async () => {
      const { rows } = await books.query("select turned_at from room.room where drop_id = $1", [dropId]);
      return rows[0]?.turned_at?.getTime() as number | undefined;
    };
    const before = (await turnedAt()) ?? 0;
    await eventually(async () => ((await turnedAt()) ?? 0) > before);
    assert.equal((await line.placeOf(ada)).offeredUntil, null);
    const later = await world.admin.patch(`/drops/${dropId}`, { closesAt: inMs(hourMs) });
    assert.equal(later.status, 200, JSON.stringify(later.body));
    await line.untilOffered(ada);
  });

  /** A webhook's events of a drop's line, each with the number of its place. */
  async function events(t: TestContext): Promise<(dropId: string) => string[]> {
    type Event = { type: string; data: { dropId: string; place: number } };
    const heard = new Map<string, Event>();
    const receiver = createServer((request, response) => {
      const keep = (event: unknown) => {
        heard.set(String(request.headers["webhook-id"]), event as Event);
        response.writeHead(204).end();
      };
      json(request).then(keep, () => response.destroy());
    }).listen(0, "127.0.0.1");
    t.after(() => receiver.close());
    await once(receiver, "listening");
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const types = ["dropgate.room.offered", "dropgate.room.lapsed"];
    const made = await world.admin.post("/webhooks", { url, events: types });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return (dropId) =>
      [...heard.values()].filter(({ data }) => data.dropId === dropId).map(({ type, data }) => `${type} ${data.place}`);
  }
});
