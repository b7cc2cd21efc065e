import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Client, Order } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

type Page = { orders: (Order & { userId?: string })[]; nextCursor?: string };

describe("the list of orders", () => {
  let world: World;
  /** Newest first. */
  const placed: { orderId: string; userId: string }[] = [];
  before(async () => {
    world = await openWorld();
    const productId = await world.newProduct({ stock: 10 });
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
});
