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

/**
 * The gate's count holds while the gate decides. In any other mode it may be open all the same, because it could not be
 * closed, and then it does not know of the orders that are decided without it.
 *
 * For a moment a reservation that was just decided may count as held twice: the gate and the books are read apart.
 */
export async function readUnits(
  { sql, gate }: { sql: Sql; gate: Gate },
  productIds: readonly string[],
): Promise<Map<string, Units>> {
  const snapshots = new Map((await gate.snapshot(productIds).catch(noneWhileAway)).map((one) => [one.productId, one]));
  const rows = await sql.query<{
    productId: string;
    available: number;
    unsold: number;
    sold: number;
    gateDecides: boolean;
  }>(
    `select s.product_id as "productId", s.total_in - s.committed as available,
            s.committed - s.sold - q.sold as unsold, s.sold + q.sold as sold, m.mode = 'gatekeeper' as "gateDecides"
       from inventory.gate_mode m cross join inventory.stock s
       cross join lateral (select coalesce(sum(quantity), 0)::bigint as sold from inventory.outcome_queue q
                            where q.product_id = s.product_id and q.outcome = 'sold') as q
      where s.product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(
    rows.map(({ productId, available, unsold, sold, gateDecides }) => {
      const gate = snapshots.get(productId);
      const free = gateDecides && gate?.open ? gate.sellable : available;
      return [productId, { free, held: unsold + (gate?.pending ?? 0), sold }];
    }),
  );
}

/**
 * The free units by the books alone, in mode `sync`. Undefined if it is not in force at this moment: in another mode orders
 * take units that the books do not know of yet.
 */
export async function readFreeWithoutGate(
  sql: Sql,
  productIds: readonly string[],
): Promise<Map<string, number> | undefined> {
  const rows = await sql.query<{ productId: string; free: number }>(
    `select s.product_id as "productId", s.total_in - s.committed as free
       from inventory.gate_mode m cross join inventory.stock s
      where m.mode = 'sync' and m.ready and s.product_id = any($1::text[])`,
    [productIds],
  );
  return rows.length === 0 ? undefined : new Map(rows.map(({ productId, free }) => [productId, free]));
}
