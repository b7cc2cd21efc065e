/** Reads the books' figures, each with one statement and so as of one moment: the sums for reconcile, and the units for people. */
import type { Queryable } from "#engines/sql";
import type { BooksFigures, StockCounts } from "../agreement/reconcile.ts";

/**
 * `applied` names, for each product, the stream row to compare with; products without one are read as of their last row.
 * Each sum is taken product by product, by the keys of its rows: beside a product that sold a million units, a page of
 * small ones costs what it costs alone. A claim is chosen by a filter for the same reason: the index of claims by order
 * would be read as a whole.
 */
export function readFigures(
  sql: Queryable,
  productIds: readonly string[],
  applied: ReadonlyMap<string, number> = new Map(),
): Promise<BooksFigures[]> {
  return sql.query<BooksFigures>(figuresStatement, [productIds, [...applied.keys()], [...applied.values()]]);
}

/** The figures that the books keep ready, without any sum over the orders. */
export async function readCounts(sql: Queryable, productId: string): Promise<StockCounts | undefined> {
  const [counts] = await sql.query<StockCounts>(
    `select s.total_in as "totalIn", s.committed, s.sold, q.released as "releasedQueued", q.sold as "soldQueued"
       from inventory.stock s
       cross join lateral (
         select coalesce(sum(quantity) filter (where outcome = 'released'), 0)::bigint as released,
                coalesce(sum(quantity) filter (where outcome = 'sold'), 0)::bigint as sold
           from inventory.outcome_queue where product_id = s.product_id) as q
      where s.product_id = $1`,
    [productId],
  );
  return counts;
}

export const figuresStatement = `with chosen as (select * from inventory.stock where product_id = any($1::text[])),
     applied as (select * from unnest($2::text[], $3::bigint[]) as a (product_id, seq))
     select c.product_id as "productId", c.total_in as "totalIn", c.committed, c.sold, c.epoch, c.seq,
            case when coalesce(a.seq, c.seq) = 0 then 0 else r.available_after end as "availableAfterApplied",
            extract(epoch from clock_timestamp() - next.written_at)::float8 * 1000 as "nextChangeAgeMs",
            sale.version as "saleVersion", e.entered, l.claimed,
            o.released as "releasedCounted", o.sold as "soldCounted",
            q.released as "releasedQueued", q.sold as "soldQueued"
       from chosen c
       left join applied a using (product_id)
       cross join lateral (
         select coalesce(sum(quantity), 0)::bigint as entered
           from inventory.stock_entry where product_id = c.product_id) as e
       cross join lateral (
         select coalesce(sum(quantity) filter (where fate = 'claimed'), 0)::bigint as claimed
           from inventory.stock_ledger where product_id = c.product_id) as l
       cross join lateral (
         select coalesce(sum(quantity) filter (where outcome = 'released'), 0)::bigint as released,
                coalesce(sum(quantity) filter (where outcome = 'sold'), 0)::bigint as sold
           from inventory.stock_outcome where product_id = c.product_id) as o
       cross join lateral (
         select coalesce(sum(quantity) filter (where outcome = 'released'), 0)::bigint as released,
                coalesce(sum(quantity) filter (where outcome = 'sold'), 0)::bigint as sold
           from inventory.outcome_queue where product_id = c.product_id) as q
       left join inventory.sale on sale.product_id = c.product_id
       left join inventory.stock_stream r on r.product_id = c.product_id and r.seq = coalesce(a.seq, c.seq)
       left join inventory.stock_stream next on next.product_id = c.product_id and next.seq = a.seq + 1
      order by c.product_id`;
