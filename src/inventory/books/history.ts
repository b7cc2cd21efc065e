/** Reads what the stock's books have of one order: how its reservations were decided and ended, and its entries. */
import type { Queryable } from "#engines/sql";
import type { Fate } from "../gate/gate.ts";
import type { Outcome } from "./outcomes.ts";

export type StockHistory = { reservations: ReservationHistory[]; entries: EntryOfOrder[] };

export type ReservationHistory = {
  productId: string;
  epoch: number;
  reservationNo: number;
  fate: Fate;
  quantity: number;
  /** The row of the product's stream that carries it to the gate; null if it has no effect on stock. */
  seq: number | null;
  decidedAt: Date;
  outcome: Outcome | null;
  /** null while the end of the claim waits to be counted. */
  endedAt: Date | null;
};

export type EntryOfOrder = { ref: string; quantity: number; reason: string; actor: string; at: Date };

/** The entries that an order has: the refund of its units, and those of a short parcel. */
function refsOf(orderId: string): string[] {
  return [`return ${orderId}`, `short ${orderId}`, `short, from its order ${orderId}`];
}

/** Two halves, because each of the ledger's two indexes by order covers one of them. */
export async function readStockHistory(sql: Queryable, orderId: string): Promise<StockHistory> {
  const reservations = await sql.query<ReservationHistory>(
    `with mine as (
       select * from inventory.stock_ledger where order_id = $1 and fate in ('claimed', 'refused')
       union all
       select * from inventory.stock_ledger where order_id = $1 and fate not in ('claimed', 'refused')
     )
     select m.product_id as "productId", m.epoch, m.reservation_no as "reservationNo", m.fate, m.quantity, m.seq,
            m.decided_at as "decidedAt", coalesce(o.outcome, q.outcome) as outcome, o.ended_at as "endedAt"
       from mine m
       left join inventory.stock_outcome o using (product_id, epoch, reservation_no)
       left join inventory.outcome_queue q using (product_id, epoch, reservation_no)
      order by m.decided_at, m.reservation_no`,
    [orderId],
  );
  const productIds = [...new Set(reservations.map(({ productId }) => productId))];
  const entries = await sql.query<EntryOfOrder>(
    `select ref, quantity, reason, actor, entered_at as at from inventory.stock_entry
      where product_id = any($1::text[]) and ref = any($2::text[]) order by entered_at, ref`,
    [productIds, refsOf(orderId)],
  );
  return { reservations, entries };
}
