/** Reads the fates of reservations, by order. */
import type { Queryable } from "#engines/sql";
import type { Fate } from "../gate/gate.ts";

export type DecidedReservation = {
  orderId: string;
  fate: Fate;
  userId: string;
  productId: string;
  quantity: number;
  decidedAt: Date;
};

/**
 * The decided reservations of the orders, oldest first; an order that was tried again has several. The query has two
 * halves, because each of the ledger's two indexes by order covers one of them.
 */
export async function readFates(sql: Queryable, orderIds: readonly string[]): Promise<DecidedReservation[]> {
  if (orderIds.length === 0) return [];
  return sql.query<DecidedReservation>(
    `select order_id as "orderId", fate, user_id as "userId", product_id as "productId", quantity,
            decided_at as "decidedAt"
       from inventory.stock_ledger where order_id = any($1::uuid[]) and fate in ('claimed', 'refused')
     union all
     select order_id, fate, user_id, product_id, quantity, decided_at
       from inventory.stock_ledger where order_id = any($1::uuid[]) and fate not in ('claimed', 'refused')
      order by "decidedAt"`,
    [orderIds],
  );
}
