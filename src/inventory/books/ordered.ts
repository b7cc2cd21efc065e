/** Counts the units that orders took from products between two moments, those that came back among them. */
import type { Sql } from "#engines/sql";

export async function readOrdered(sql: Sql, productIds: readonly string[], from: Date, until: Date): Promise<number> {
  const [row] = await sql.query<{ units: number }>(
    `select coalesce(sum(quantity), 0)::bigint as units from inventory.stock_ledger
      where product_id = any($1::text[]) and fate = 'claimed' and decided_at >= $2 and decided_at < $3`,
    [productIds, from, until],
  );
  return row?.units ?? 0;
}
