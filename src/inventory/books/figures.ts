/** Reads the books' figures for reconcile and for people, consistently: one statement, one snapshot. */
import type { Queryable } from "#engines/sql";
import type { BooksFigures } from "../agreement/reconcile.ts";

/**
 * `productIds` null reads all products. `applied` names, for each product, the stream row to compare with; products
 * without one are read as of their last row.
 */
export async function readFigures(
  sql: Queryable,
  productIds: readonly string[] | null,
  applied: ReadonlyMap<string, number> = new Map(),
): Promise<BooksFigures[]> {
  return sql.query<BooksFigures>(
    `with chosen as (select * from inventory.stock where $1::text[] is null or product_id = any($1::text[])),
     applied as (select * from unnest($2::text[], $3::bigint[]) as a (product_id, seq)),
     entries as (
       select product_id, sum(quantity)::bigint as entered
         from inventory.stock_entry join chosen using (product_id) group by 1),
     claims as (
       select l.product_id, sum(l.quantity)::bigint as claimed
         from inventory.stock_ledger l join chosen using (product_id) where l.fate = 'claimed' group by 1),
     outcomes as (
       select o.product_id,
              coalesce(sum(o.quantity) filter (where o.outcome = 'released'), 0)::bigint as released,
              coalesce(sum(o.quantity) filter (where o.outcome = 'sold'), 0)::bigint as sold
         from inventory.stock_outcome o join chosen using (product_id) group by 1),
     queue as (
       select q.product_id,
              coalesce(sum(q.quantity) filter (where q.outcome = 'released'), 0)::bigint as released,
              coalesce(sum(q.quantity) filter (where q.outcome = 'sold'), 0)::bigint as sold
         from inventory.outcome_queue q join chosen using (product_id) group by 1)
     select c.product_id as "productId", c.total_in as "totalIn", c.committed, c.sold, c.epoch, c.seq,
            case when coalesce(a.seq, c.seq) = 0 then 0 else r.available_after end as "availableAfterApplied",
            extract(epoch from clock_timestamp() - next.written_at)::float8 * 1000 as "nextChangeAgeMs",
            sale.version as "saleVersion",
            coalesce(e.entered, 0) as entered, coalesce(l.claimed, 0) as claimed,
            coalesce(o.released, 0) as "releasedCounted", coalesce(o.sold, 0) as "soldCounted",
            coalesce(q.released, 0) as "releasedQueued", coalesce(q.sold, 0) as "soldQueued"
       from chosen c
       left join applied a using (product_id)
       left join entries e using (product_id) left join claims l using (product_id)
       left join outcomes o using (product_id) left join queue q using (product_id)
       left join inventory.sale on sale.product_id = c.product_id
       left join inventory.stock_stream r on r.product_id = c.product_id and r.seq = coalesce(a.seq, c.seq)
       left join inventory.stock_stream next on next.product_id = c.product_id and next.seq = a.seq + 1
      order by c.product_id`,
    [productIds, [...applied.keys()], [...applied.values()]],
  );
}
