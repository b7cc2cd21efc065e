/** The commands of docs/guide/archiving.md are run as they stand there. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import pg from "pg";
import type { Client, Order, Problem } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let operator: pg.Client;
before(async () => {
  world = await openWorld();
  operator = new pg.Client({ connectionString: world.databaseUrl });
  await operator.connect();
});
after(async () => {
  await operator?.end();
  await world?.close();
});

/** The statements of the guide's blocks of SQL, in its order. */
async function statementsOfGuide(): Promise<string[]> {
  const text = await readFile(new URL("../../docs/guide/archiving.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => block.split(";").map((one) => one.trim())).filter((one) => one !== "");
}

async function ended(buyer: Client, productId: string, key: string): Promise<string> {
  const placed = await buyer.post<{ orderId: string }>(
    "/orders",
    { productId, quantity: 1 },
    { "idempotency-key": key },
  );
  assert.equal(placed.status, 202, JSON.stringify(placed.body));
  const { orderId } = placed.body;
  await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
  assert.equal((await buyer.post(`/orders/${orderId}/cancel`)).status, 202);
  await world.untilStatus(buyer, orderId, "CANCELLED");
  return orderId;
}

test("a month is archived by the guide's commands while the shop sells; its orders are unknown then, their keys used up, and the books agree", async () => {
  const productId = await world.newProduct({ stock: 5 });
  const buyer = world.as("ada");
  const old = await ended(buyer, productId, "old");
  const recent = await ended(buyer, productId, "recent");
  await operator.query("update orders.orders set placed_at = '2026-08-15' where order_id = $1", [old]);
  await world.system.faces.orders.past.move();
  const [counts, unfinished, ...commands] = await statementsOfGuide();
  assert.equal((await operator.query(counts ?? "")).rows[0].count, "1");
  assert.deepEqual((await operator.query(unfinished ?? "")).rows, []);
  const read = async (orderId: string) => (await buyer.get<Order & Problem>(`/orders/${orderId}`)).status;
  const listed = async () => (await buyer.get<{ orders: Order[] }>("/orders")).body.orders.map((one) => one.orderId);
  assert.equal(await read(old), 200);

  const takesAway = commands.filter(
    (command) => !command.includes("values from") && !command.endsWith("set schema orders"),
  );
  const bringsBack = commands.filter((command) => !takesAway.includes(command));
  for (const command of takesAway) await operator.query(command);
  assert.equal(await read(old), 404);
  assert.deepEqual(await listed(), [recent]);
  const refund = await world.admin.post<Problem>(`/orders/${old}/refund`, { reason: "late" });
  assert.deepEqual([refund.status, refund.body.code], [404, "order_not_found"]);

  // The gate has forgotten the keys by now, so the books are asked.
  await world.restart();
  const retry = (key: string) => buyer.post<Problem>("/orders", { productId, quantity: 1 }, { "idempotency-key": key });
  const repeated = await retry("old");
  assert.deepEqual([repeated.status, repeated.body.code], [422, "idempotency_mismatch"]);
  assert.equal((await retry("recent")).status, 202);
  await ended(buyer, productId, "new");
  const { onHand, held } = await world.untilAtRest(productId);
  assert.deepEqual({ onHand, held }, { onHand: 5, held: 0 });
  assert.equal((await world.reportOf(productId)).status, "OK");

  for (const command of bringsBack) await operator.query(command);
  assert.equal(await read(old), 200);
  assert.equal((await listed()).at(-1), old);
});
