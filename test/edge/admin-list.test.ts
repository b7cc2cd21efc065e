import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Client, Order } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder, untilMoneyIs } from "../support/pay.ts";
import { query } from "../support/query.ts";
import { openWorld, type World } from "../support/world.ts";

type Page = { orders: (Order & { userId?: string })[]; nextCursor?: string };

describe("the list of orders", () => {
  let world: World;
  /** Newest first. */
  let productId: string;
  const placed: { orderId: string; userId: string }[] = [];
  before(async () => {
    world = await openWorld();
    productId = await world.newProduct({ stock: 10 });
    for (const userId of ["ada", "bob", "ada"]) {
      const buyer = world.as(userId);
      const { orderId } = await world.place(buyer, productId);
      await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
      placed.unshift({ orderId, userId });
    }
  });
  after(() => world.close());

  async function pagesOf(client: Client, limit: number): Promise<Page["orders"][]> {
    const pages: Page["orders"][] = [];
    for (let query = `?limit=${limit}`; query !== ""; ) {
      const { status, body } = await client.get<Page>(`/orders${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      pages.push(body.orders);
      query = body.nextCursor === undefined ? "" : `?limit=${limit}&cursor=${body.nextCursor}`;
    }
    return pages;
  }

  test("shows an ADMIN the orders of all customers once, newest first, with their customers", async () => {
    const pages = await pagesOf(world.admin, 2);
    assert.deepEqual(
      pages.map((page) => page.map(({ orderId, userId }) => ({ orderId, userId }))),
      [placed.slice(0, 2), placed.slice(2)],
    );
  });

  test("shows other callers their own orders and no names", async () => {
    for (const user of ["ada", "bob", "eve"]) {
      const own = placed.filter(({ userId }) => userId === user).map(({ orderId }) => orderId);
      const shown = (await pagesOf(world.as(user), 100)).flat();
      assert.deepEqual(
        shown.map(({ orderId }) => orderId),
        own,
      );
      assert.ok(shown.every((order) => !("userId" in order)));
    }
    assert.deepEqual((await pagesOf(world.as("clerk", "WAREHOUSE"), 100)).flat(), []);
  });

  describe("searched by an operator", () => {
    async function search(query: Record<string, string>): Promise<string[]> {
      const { status, body } = await world.admin.get<{ items: Order[] }>(`/admin/orders?${new URLSearchParams(query)}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.items.map(({ orderId }) => orderId);
    }

    test("finds an order by its id, its short code, and its buyer", async () => {
      const bobs = placed[1]?.orderId ?? "";
      const { body } = await world.admin.get<Order & { code: string }>(`/orders/${bobs}`);
      for (const q of [
        bobs,
        body.code,
        body.code.toLowerCase(),
        `${body.code.slice(0, 4)}-${body.code.slice(4)}`,
        "bob",
      ]) {
        assert.deepEqual(await search({ q }), [bobs], q);
      }
    });

    test("finds the orders of an account by its address, and shows the address to an ADMIN alone", async () => {
      const { body: signedIn } = await world.anonymous.post<{ account: { userId: string; email: string } }>(
        "/session/demo",
        { person: "linus" },
      );
      const { userId, email } = signedIn.account;
      const buyer = world.as(userId);
      const { orderId } = await world.place(buyer, productId);
      await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
      assert.deepEqual(await search({ q: email.toUpperCase() }), [orderId]);
      const path = `/orders/${orderId}`;
      assert.equal((await world.admin.get<{ email?: string }>(path)).body.email, email);
      assert.ok(!("email" in (await buyer.get(path)).body));
    });

    test("finds the orders of a drop, and not those of its product before it", async () => {
      const lamp = await world.newProduct({ stock: 5 });
      const before = await world.place(world.as("ada"), lamp);
      await world.untilStatus(world.as("ada"), before.orderId, "PAYMENT_PENDING");
      const opensAt = (await world.anonymous.get<{ now: string }>("/time")).body.now;
      const dropId = "listed-lamps";
      const drop = { dropId, name: "Lamps", zone: "UTC", opensAt, closesAt: "2099-01-01T00:00:00Z" };
      assert.equal((await world.admin.post("/drops", { ...drop, products: [{ productId: lamp }] })).status, 201);
      assert.deepEqual(await search({ dropId }), []);
      assert.equal((await world.admin.post(`/drops/${dropId}/schedule`, {})).status, 200);
      const { orderId } = await world.place(world.as("bob"), lamp);
      await world.untilStatus(world.as("bob"), orderId, "PAYMENT_PENDING");
      assert.deepEqual(await search({ dropId }), [orderId]);
      assert.deepEqual(await search({ dropId, productId: lamp, q: "bob" }), [orderId]);
      assert.deepEqual(await search({ dropId, productId }), []);
      assert.deepEqual(await search({ dropId: "no-drop" }), []);
    });

    test("as CSV has a header and a line for each order, and no text that a spreadsheet runs", async () => {
      const lamp = await world.newProduct({ stock: 2 });
      const buyer = world.as('=HYPERLINK("http://shop.example")');
      const { orderId } = await world.place(buyer, lamp, 2);
      const { code, placedAt } = (await world.untilStatus(buyer, orderId, "PAYMENT_PENDING")) as Order & {
        code: string;
      };
      const answer = await world.admin.get<string>(`/admin/orders.csv?productId=${lamp}`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers["content-type"] ?? "", /^text\/csv/);
      const [header, line, end, ...more] = answer.body.split("\r\n");
      assert.equal(
        header,
        "orderId,code,placedAt,buyer,email,productId,quantity,price,total,currency,status,reason,givenBack",
      );
      const cells = [orderId, code, placedAt, `"'=HYPERLINK(""http://shop.example"")"`, "", lamp];
      assert.equal(line, [...cells, 2, 1999, 3998, "EUR", "PAYMENT_PENDING", "", 0].join(","));
      assert.deepEqual([end, more], ["", []]);
    });

    test("as CSV says what went back of an order, in parts and as a whole", async () => {
      const lamp = await world.newProduct({ stock: 2, price: 1_000 });
      const [parted, whole] = [world.as("parted"), world.as("whole")];
      for (const buyer of [parted, whole]) {
        const { orderId } = await world.place(buyer, lamp);
        await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
        const { body } = await payOrder<{ paymentId: string }>(buyer, orderId, { cardNumber: "4242424242424242" });
        await untilMoneyIs(buyer, orderId, "captured");
        const amount = buyer === parted ? { amountMinor: 250 } : {};
        await world.system.faces.simulator.byHand(body.paymentId, { deed: "refund", ...amount });
      }
      const ends = await eventually(async () => {
        const { body } = await world.admin.get<string>(`/admin/orders.csv?productId=${lamp}`);
        const lines = body.split("\r\n").slice(1, -1);
        return lines.every((line) => !line.endsWith(",0")) && lines.map((line) => line.split(",").slice(-3).join());
      });
      assert.deepEqual(ends.toSorted(), ["CONFIRMED,,250", "REFUNDED,refunded_by_provider,1000"]);
    });

    test("as CSV has every order of a long list once", async () => {
      await withRows(world.databaseUrl, 2_345);
      const { body } = await world.admin.get<string>("/admin/orders.csv?productId=listed");
      const ids = body
        .split("\r\n")
        .slice(1, -1)
        .map((line) => line.slice(0, 36));
      assert.equal(new Set(ids).size, 2_345);
      assert.equal(ids.length, 2_345);
    });
  });

  test("K4: an operator previews an act on the orders of a filter, runs it, and reads each result", async () => {
    const lamp = await world.newProduct({ stock: 5, price: 500 });
    const kept = await world.newProduct({ stock: 5 });
    const ids: string[] = [];
    for (const [product, user] of [
      [lamp, "ada"],
      [lamp, "bob"],
      [kept, "ada"],
    ] as const) {
      const { orderId } = await world.place(world.as(user), product);
      await world.untilStatus(world.as(user), orderId, "PAYMENT_PENDING");
      ids.push(orderId);
    }
    const asked = { filter: { productId: lamp }, action: "cancel" };
    for (const client of [world.as("ada"), world.as("clerk", "WAREHOUSE")]) {
      assert.equal((await client.post("/admin/orders/bulk/preview", asked)).status, 403);
    }
    const { status, body: plan } = await world.admin.post<Plan>("/admin/orders/bulk/preview", asked);
    assert.equal(status, 200);
    assert.deepEqual([plan.count, plan.amount, plan.currency, plan.state], [2, 1_000, "EUR", "previewed"]);

    const path = `/admin/orders/bulk/${plan.planId}`;
    const runs = await Promise.all([1, 2, 3].map(() => world.admin.post<Plan>(`${path}/run`)));
    for (const run of runs) assert.equal(run.status, 202, JSON.stringify(run.body));
    const done = await eventually(async () => {
      const { body } = await world.admin.get<Plan>(path);
      return body.state === "done" && body;
    });
    assert.deepEqual([done.changed, done.unchanged, done.left], [2, 0, 0]);
    const results = await world.admin.get<{ items: { orderId: string; outcome: string; status: string }[] }>(
      `${path}/orders`,
    );
    assert.deepEqual(
      results.body.items.map(({ orderId, outcome, status }) => [orderId, outcome, status]),
      ids.slice(0, 2).map((id) => [id, "changed", "CANCELLED"]),
    );
    assert.equal((await world.as("ada").get<Order>(`/orders/${ids[2]}`)).body.status, "PAYMENT_PENDING");
    assert.equal((await world.untilAtRest(lamp)).available, 5);
    const unknown = await world.admin.post("/admin/orders/bulk/9f86d081-884c-8d65-9a2f-eaa0c55ad015/run");
    assert.deepEqual([unknown.status, unknown.body.code], [404, "bulk_plan_not_found"]);
  });
});

type Plan = {
  planId: string;
  count: number;
  amount: number;
  currency: string;
  state: string;
  changed: number;
  unchanged: number;
  left: number;
};

/** Ended orders of one moment, which is harder for pages than moments of their own. */
async function withRows(url: string, howMany: number): Promise<void> {
  await query(
    url,
    `insert into orders.orders (order_id, user_id, product_id, epoch, reservation_no, quantity, unit_price_minor,
            currency, price_version, status, body_hash, placed_at, pay_by, timeline)
     select gen_random_uuid(), 'buyer ' || n, 'listed', 1, n, 1, 4999, 'EUR', 1, 'CANCELLED', '', at, at, '[]'
       from generate_series(1, $1::integer) n, (select timestamptz '2026-01-01' as at) moment`,
    [howMany],
  );
}
