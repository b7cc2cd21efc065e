/**
 * Brings prices and the terms of sales to a gate that has older ones: it was away when they changed, or the process that was to
 * tell it died.
 */
import type { Sql } from "#engines/sql";
import { readOffers } from "../books/offers.ts";
import { readSales } from "../books/sales.ts";
import type { Gate } from "../gate/gate.ts";

export async function tellTerms({ sql, gate }: { sql: Sql; gate: Gate }, productIds: readonly string[]): Promise<void> {
  if (productIds.length === 0) return;
  for (const [productId, offer] of await readOffers(sql, productIds)) await gate.setOffer(productId, offer);
  for (const [productId, { sale }] of await readSales(sql, productIds)) await gate.setSale(productId, sale);
}
