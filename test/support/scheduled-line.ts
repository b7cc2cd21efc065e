/** A drop with a line, scheduled, whose line takes people from now on and whose sale opens in an hour. */
import assert from "node:assert/strict";
import { randomHex } from "#platform/ids";
import { hourMs, inMs } from "./times.ts";
import type { World } from "./world.ts";

/** `change` replaces fields of the drop. */
export async function scheduledLine(
  world: World,
  { stock = 5, ...change }: Record<string, unknown> & { stock?: number } = {},
): Promise<{ dropId: string; productId: string; path: string }> {
  const productId = await world.newProduct({ stock });
  const dropId = `drop-${randomHex(4)}`;
  const times = { prequeueAt: inMs(-1_000), opensAt: inMs(hourMs), closesAt: inMs(2 * hourMs) };
  const drop = { dropId, name: "Lamps", zone: "Europe/Berlin", ...times, products: [{ productId }], ...change };
  const made = await world.admin.post("/drops", { entry: "line", ...drop });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const announced = await world.admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "test" });
  assert.equal(announced.status, 200, JSON.stringify(announced.body));
  return { dropId, productId, path: `/drops/${dropId}/room` };
}
