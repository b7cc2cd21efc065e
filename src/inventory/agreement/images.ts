/** Reads from the books what a gate is loaded with. */
import type { Tx } from "#engines/sql";
import { readOffers } from "../books/offers.ts";
import { readRetired } from "../books/retired-keys.ts";
import { readLatched, readSales } from "../books/sales.ts";
import type { GateImage } from "../gate/gate.ts";

/** Reads a gate's image of locked products. */
export async function imagesOf(
  tx: Tx,
  stock: readonly { productId: string; epoch: number; seq: number; totalIn: number; committed: number }[],
): Promise<GateImage[]> {
  const ids = stock.map((product) => product.productId);
  const offers = await readOffers(tx, ids);
  const sales = await readSales(tx, ids);
  const latching = ids.filter((productId) => sales.get(productId)?.sale.latchAfterSoldOut);
  const latched = await readLatched(tx, latching);
  const retired = await readRetired(tx, ids);
  const held = await tx.query<{ productId: string; held: [string, number][] }>(
    `select product_id as "productId", jsonb_agg(jsonb_build_array(user_id, held) order by user_id) as held
       from inventory.user_quota where product_id = any($1::text[]) and held > 0 group by product_id`,
    [ids],
  );
  const withOrders = await tx.query<{ productId: string }>(
    `select p.product_id as "productId" from unnest($1::text[]) as p (product_id)
      where exists (select 1 from inventory.stock_ledger l where l.product_id = p.product_id)`,
    [ids],
  );
  const heldOf = new Map(held.map((row) => [row.productId, row.held]));
  const known = new Set(withOrders.map((row) => row.productId));
  return stock.map((product) => ({
    productId: product.productId,
    epoch: product.epoch,
    sellable: product.totalIn - product.committed,
    applied: product.seq,
    offer: offers.get(product.productId) ?? null,
    sale: sales.get(product.productId)?.sale ?? null,
    latchedIn: latched.get(product.productId) ?? null,
    retired: retired.get(product.productId) ?? [],
    held: heldOf.get(product.productId) ?? [],
    keysInBooks: known.has(product.productId),
  }));
}
