/** Ends the orders of a cancelled drop (D5): the open ones are cancelled, the paid ones are refunded, each of them once. */
import type { Queryable, Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { readEndless } from "./drop-rows.ts";

export type CancellationOptions = {
  sql: Sql;
  inventory: Inventory;
  orders: Pick<Orders, "endAll">;
  now(): number;
  onFault(what: string, error: unknown): void;
};

const ordersAtOnce = 100;

/**
 * One turn over all cancelled drops. Returns true if more orders wait, false if there is no such drop; a crash at any point
 * repeats what is left. A drop whose orders cannot be ended keeps no other one waiting.
 */
export async function endOrdersOfCancelled(options: CancellationOptions): Promise<boolean | undefined> {
  const endless = await readEndless(options.sql);
  if (endless.length === 0) return false;
  let more = false;
  for (const drop of endless) {
    const tell = (error: unknown) => options.onFault(`the orders of drop ${drop.dropId}`, error);
    if (await endOrdersOf(drop, options).catch(tell)) more = true;
  }
  return more || undefined;
}

type Endless = Awaited<ReturnType<typeof readEndless>>[number];

/** Whether there were some. */
async function endOrdersOf(drop: Endless, { sql, inventory, orders, now }: CancellationOptions): Promise<boolean> {
  const productIds = drop.products.map(({ productId }) => productId);
  // Asked before the orders: what the gate has decided by now is in the books, and it takes nothing any more.
  const isDecided = await nothingInFlight(inventory, productIds);
  const { scheduledAt: since, until } = drop;
  const whose = { productIds, since, until, reason: "drop_cancelled", actor: drop.actor };
  const found = await orders.endAll(whose, ordersAtOnce);
  if (found === 0 && isDecided) {
    await crashPoint("drops.orders-ended");
    await noteEnded(sql, drop.dropId, new Date(now()));
  }
  return found > 0;
}

async function nothingInFlight({ gate, agreement }: Inventory, productIds: readonly string[]): Promise<boolean> {
  const { mode, ready } = await agreement.mode.read();
  // Orders past the gate are decided before their drop's new terms are written. While the gate is being switched off,
  // orders that it has promised are still on their way to the books.
  if (mode === "sync") return ready;
  const snapshots = await gate.snapshot(productIds).catch(() => []);
  return snapshots.length === productIds.length && snapshots.every(({ open, pending }) => open && pending === 0);
}

async function noteEnded(sql: Queryable, dropId: string, at: Date): Promise<void> {
  await sql.query("update drops.drop set orders_ended_at = $2 where drop_id = $1", [dropId, at]);
}
