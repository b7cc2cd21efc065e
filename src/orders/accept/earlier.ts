/** Finds the orders that earlier requests under the same keys made, also if they were archived since. */
import type { Queryable } from "#engines/sql";
import type { Inventory } from "#inventory";
import { type Batcher, createBatcher } from "#platform/batch";
import { type Order, readOrders } from "../books/order-rows.ts";

export type EarlierDeps = { sql: Queryable; books: Pick<Inventory["books"], "ledger"> };

type LookUps = Batcher<string, Order | "archived" | undefined>;

const lookUpsAtOnce = 500;

/** Reads the orders that requests ask for at the same time together. */
export function createLookUps({ maxWaiting, ...deps }: EarlierDeps & { maxWaiting: number }): LookUps {
  return createBatcher({
    maxBatch: lookUpsAtOnce,
    maxWaiting,
    async run(orderIds) {
      const found = await readEarlier(deps, orderIds);
      return orderIds.map((orderId) => found.get(orderId));
    },
  });
}

/** `archived`: the month of the order was detached; the ledger has its reservation still, so the key is used up. */
export async function readEarlier(
  { sql, books }: EarlierDeps,
  orderIds: readonly string[],
): Promise<Map<string, Order | "archived">> {
  const found = new Map<string, Order | "archived">();
  // An order is written with its fate, so one look into the ledger is enough for a key that is new, as nearly all are.
  const fates = await books.ledger.fatesOf(orderIds);
  if (fates.length === 0) return found;
  for (const { orderId, fate } of fates) if (fate === "claimed" || fate === "refused") found.set(orderId, "archived");
  for (const order of await readOrders(sql, [...new Set(fates.map(({ orderId }) => orderId))])) {
    found.set(order.orderId, order);
  }
  return found;
}
