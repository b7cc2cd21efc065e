/** The limit of a drop over the outer face: how many units one person may hold. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomHex } from "#platform/ids";
import type { PlacedOrder, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { hourMs, inMs } from "../support/times.ts";
import { openWorld, type World } from "../support/world.ts";

type Drop = { dropId: string; entry: string; limitPerPerson: number | null; state: string };
type Changes = { items: { fields: Record<string, { before: unknown; after: unknown }> }[] };

describe("the limit of a drop", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  async function draft(change: Record<string, unknown>, products: readonly string[]) {
    const window = { opensAt: inMs(-1_000), closesAt: inMs(hourMs) };
    const drop = { dropId: `drop-${randomHex(4)}`, name: "Lamps", zone: "Europe/Berlin", ...window, ...change };
    const sold = products.map((productId) => ({ productId }));
    return world.admin.post<Drop & Problem>("/drops", { ...drop, products: sold });
  }

  async function scheduled(change: Record<string, unknown>, productId: string): Promise<string> {
    const made = await draft(change, [productId]);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { dropId } = made.body;
    await eventually(async () => (await world.admin.post(`/drops/${dropId}/schedule`, {})).status === 200);
    return dropId;
  }

  async function buy(productId: string, user: string, quantity: number): Promise<string> {
    const { status, body } = await world.as(user).post<PlacedOrder & Problem>("/orders", { productId, quantity });
    return status === 202 ? "accepted" : body.code;
  }

  const read = async (dropId: string) => (await world.anonymous.get<Drop>(`/drops/${dropId}`)).body;

  test("is kept at the gate, changes in public, and is copied", async () => {
    const productId = await world.newProduct({ stock: 9 });
    const dropId = await scheduled({ limitPerPerson: 2 }, productId);
    assert.equal((await read(dropId)).limitPerPerson, 2);
    assert.equal(await buy(productId, "ada", 3), "limit_per_customer");
    assert.equal(await buy(productId, "ada", 2), "accepted");
    assert.equal(await buy(productId, "ada", 1), "limit_per_customer");
    assert.equal(await buy(productId, "grace", 1), "accepted");
    assert.equal((await world.admin.patch(`/drops/${dropId}`, { limitPerPerson: 3 })).status, 200);
    assert.equal(await buy(productId, "ada", 1), "accepted");
    assert.equal(await buy(productId, "ada", 1), "limit_per_customer");
    const { items } = (await world.anonymous.get<Changes>(`/drops/${dropId}/changes`)).body;
    assert.deepEqual(items[0]?.fields, { limitPerPerson: { before: 2, after: 3 } });
    const copied = await world.admin.post<Drop>(`/drops/${dropId}/copy`, { dropId: `${dropId}-again` });
    assert.deepEqual([copied.status, copied.body.limitPerPerson], [201, 3]);
    assert.equal((await world.admin.patch(`/drops/${dropId}`, { limitPerPerson: null })).status, 200);
    assert.equal(await buy(productId, "ada", 3), "accepted");
  });

  test("is no untrue sentence about a person who holds nothing", async () => {
    const productId = await world.newProduct({ stock: 9, limitPerCustomer: 2 });
    const { body } = await world.as("ada").post<Problem>("/orders", { productId, quantity: 3 });
    assert.equal(body.title, "More units than one customer may hold");
  });

  test("is lower or higher than the product's limit: the lower one counts", async () => {
    const lower = await world.newProduct({ stock: 9, limitPerCustomer: 1 });
    await scheduled({ limitPerPerson: 2 }, lower);
    assert.equal(await buy(lower, "ada", 2), "limit_per_customer");
    assert.equal(await buy(lower, "ada", 1), "accepted");
    const higher = await world.newProduct({ stock: 9, limitPerCustomer: 5 });
    await scheduled({ limitPerPerson: 1 }, higher);
    assert.equal(await buy(higher, "ada", 2), "limit_per_customer");
  });

  test("over several products needs a line or a draw, which give one order a person", async () => {
    const products = [await world.newProduct({ stock: 1 }), await world.newProduct({ stock: 1 })];
    const refused = await draft({ limitPerPerson: 1 }, products);
    assert.deepEqual([refused.status, refused.body.errors?.[0]?.pointer], [400, "#/limitPerPerson"]);
    const made = await draft({ limitPerPerson: 1, entry: "line" }, products);
    assert.deepEqual([made.status, made.body.limitPerPerson], [201, 1]);
    const opened = await world.admin.patch<Problem>(`/drops/${made.body.dropId}`, { entry: "open" });
    assert.deepEqual([opened.status, opened.body.errors?.[0]?.pointer], [400, "#/limitPerPerson"]);
    for (const limitPerPerson of [0, -1, 1.5, "2"]) {
      const odd = await draft({ limitPerPerson }, products.slice(0, 1));
      assert.deepEqual([odd.status, odd.body.errors?.[0]?.pointer], [400, "#/limitPerPerson"]);
    }
    assert.equal((await draft({ limitPerPerson: null }, products)).body.limitPerPerson, null);
  });
});
