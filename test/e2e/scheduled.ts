/** A drop that is announced already, with products of its own: what the stories of the board and of drops begin with. */
import assert from "node:assert/strict";
import { randomHex } from "#platform/ids";
import { hourMs, inMs } from "../support/times.ts";
import type { World } from "../support/world.ts";

type Terms = { labels?: readonly string[]; stock?: number; price?: number; entry?: "line"; prequeueAt?: string };
export type Scheduled = { dropId: string; productIds: string[] };

/** It closes an hour after it opens. `labels`: a product of `stock` units each. */
export async function scheduled(
  { admin, newProduct }: World,
  name: string,
  opensInMs: number,
  { labels = ["One"], stock = 20, price = 12_900, ...more }: Terms = {},
): Promise<Scheduled> {
  const productIds = await Promise.all(labels.map(() => newProduct({ stock, price })));
  const dropId = `drop-${randomHex(4)}`;
  const products = productIds.map((productId, i) => ({ productId, label: labels[i] }));
  const times = { zone: "Europe/Berlin", opensAt: inMs(opensInMs), closesAt: inMs(opensInMs + hourMs) };
  const made = await admin.post("/drops", { dropId, name, ...times, products, ...more });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const told = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
  assert.equal(told.status, 200, JSON.stringify(told.body));
  return { dropId, productIds };
}
