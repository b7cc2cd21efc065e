/** Drops that sell the same product one after the other, over the outer face. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomHex } from "#platform/ids";
import type { PlacedOrder, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

describe("of two drops of one product", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  /** It is open at once: its opening is given as a moment before the drop is scheduled. */
  async function opened(productId: string): Promise<string> {
    const window = { opensAt: inMs(-60_000), closesAt: inMs(3_600_000) };
    const drop = { dropId: `drop-${randomHex(4)}`, name: "Lamps", zone: "UTC", ...window, products: [{ productId }] };
    assert.equal((await world.admin.post("/drops", drop)).status, 201);
    await eventually(async () => (await act(drop.dropId, "schedule", {})) === 200);
    return drop.dropId;
  }

  async function act(dropId: string, verb: string, body: object): Promise<number> {
    return (await world.admin.post(`/drops/${dropId}/${verb}`, body)).status;
  }

  async function order(productId: string, user: string): Promise<string> {
    const buyer = world.as(user);
    const { status, body } = await buyer.post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 });
    assert.equal(status, 202, JSON.stringify(body));
    await world.untilStatus(buyer, body.orderId, "PAYMENT_PENDING");
    return body.orderId;
  }

  async function found(dropId: string): Promise<string[]> {
    const { body } = await world.admin.get<{ items: { orderId: string }[] }>(`/admin/orders?dropId=${dropId}`);
    return body.items.map(({ orderId }) => orderId);
  }

  test("the first one can be cancelled after its end: the second one goes on, and so do its orders", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const first = await opened(productId);
    const early = await order(productId, "early");
    assert.equal(await act(first, "end", {}), 200);
    const second = await opened(productId);
    const late = await order(productId, "late");
    assert.deepEqual([await found(first), await found(second)], [[early], [late]]);

    const would = await world.admin.get(`/drops/${first}/cancellation`);
    assert.deepEqual(would.body, { orders: [{ currency: "EUR", open: 1, paid: 0, refund: 0 }] });
    assert.equal(await act(first, "cancel", { reason: "unsafe" }), 200);
    await world.untilStatus(world.as("early"), early, "CANCELLED");
    await order(productId, "latest");
    const kept = await world.as("late").get<{ status: string }>(`/orders/${late}`);
    assert.equal(kept.body.status, "PAYMENT_PENDING");
  });

  test("a draft that another operator changes while it is checked is scheduled only as it was checked", async () => {
    const productId = await world.newProduct({ stock: 5 });
    for (let times = 0; times < 10; times += 1) {
      const dropId = `drop-${randomHex(4)}`;
      const window = { opensAt: inMs(60_000), closesAt: inMs(3_600_000) };
      const drop = { dropId, name: "Lamps", zone: "UTC", ...window, products: [{ productId }] };
      assert.equal((await world.admin.post("/drops", drop)).status, 201);
      const [answer, changed] = await Promise.all([
        world.admin.post<Problem>(`/drops/${dropId}/schedule`, { force: true, reason: "a test" }),
        world.admin.patch(`/drops/${dropId}`, { products: [{ productId: "no-such-product" }] }),
      ]);
      if (changed.status === 200) assert.equal(answer.body.code, "preflight_failed", JSON.stringify(answer.body));
      else assert.equal((await world.admin.post(`/drops/${dropId}/end`, {})).status, 200);
    }
  });
});
