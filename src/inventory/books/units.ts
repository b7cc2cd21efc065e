/** What people are shown of a product's units: cheap enough to be read every second. */
import type { Sql } from "#engines/sql";
import { type Gate, noneWhileAway } from "../gate/gate.ts";

export type Units = {
  /** Units that can be ordered now. */
  free: number;
  /** Units of orders that are not paid yet, and of reservations that are not decided. */
  held: number;
  sold: number;
};

/** For a moment a reservation that was just decided may count as held twice: the gate and the books are read apart. */
export async function readUnits(
  { sql, gate }: { sql: Sql; gate: Gate },
  productIds: readonly string[],
): Promise<Map<string, Units>> {
  const snapshots = new Map((await gate.snapshot(productIds).catch(noneWhileAway)).map((one) => [one.productId, one]));
  const rows = await sql.query<{ productId: string; available: number; unsold: number; sold: number }>(
    `select s.product_id as "productId", s.total_in - s.committed as available,
            s.committed - s.sold - q.sold as unsold, s.sold + q.sold as sold
       from inventory.stock s
       cross join lateral (select coalesce(sum(quantity), 0)::bigint as sold from inventory.outcome_queue q
                            where q.product_id = s.product_id and q.outcome = 'sold') as q
      where s.product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(
    rows.map(({ productId, available, unsold, sold }) => {
      const gate = snapshots.get(productId);
      return [productId, { free: gate?.open ? gate.sellable : available, held: unsold + (gate?.pending ?? 0), sold }];
    }),
  );
}
