/** Keeps prices and limits beside the stock, from `product.events`, so that a rebuild needs no other module. */
import type { Queryable, Tx } from "#engines/sql";
import type { Offer } from "../gate/gate.ts";

export async function readOffers(sql: Queryable, productIds: readonly string[]): Promise<Map<string, Offer>> {
  const rows = await sql.query<Offer & { productId: string }>(
    `select product_id as "productId", unit_price_minor as "unitPriceMinor", currency,
            limit_per_customer as "limitPerCustomer", version
       from inventory.offer where product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map(({ productId, ...offer }) => [productId, offer]));
}

/** Keeps the offer unless a newer one is known. Returns whether the product is new to inventory. */
export async function keepOffer(tx: Tx, productId: string, offer: Offer): Promise<{ isNew: boolean }> {
  await tx.query(
    `insert into inventory.offer (product_id, unit_price_minor, currency, limit_per_customer, version)
     values ($1, $2, $3, $4, $5)
     on conflict (product_id) do update
        set unit_price_minor = excluded.unit_price_minor, currency = excluded.currency,
            limit_per_customer = excluded.limit_per_customer, version = excluded.version
      where offer.version < excluded.version`,
    [productId, offer.unitPriceMinor, offer.currency, offer.limitPerCustomer, offer.version],
  );
  const inserted = await tx.query(
    "insert into inventory.stock (product_id) values ($1) on conflict do nothing returning product_id",
    [productId],
  );
  return { isNew: inserted.length > 0 };
}
