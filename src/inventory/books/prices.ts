/** Prices as `product.events` tells them: kept beside the stock, so that a rebuild needs no other module. */
import type { Queryable, Tx } from "#engines/sql";
import type { Price } from "../gate/gate.ts";

export async function readPrices(sql: Queryable, productIds: readonly string[]): Promise<Map<string, Price>> {
  const rows = await sql.query<Price & { productId: string }>(
    `select product_id as "productId", unit_price_minor as "unitPriceMinor", currency,
            limit_per_customer as "limitPerCustomer", version
       from inventory.product_price where product_id = any($1::text[])`,
    [productIds],
  );
  return new Map(rows.map(({ productId, ...price }) => [productId, price]));
}

/** Keeps the price unless a newer one is known. Answers whether the product is new to inventory. */
export async function keepPrice(tx: Tx, productId: string, price: Price): Promise<{ isNew: boolean }> {
  await tx.query(
    `insert into inventory.product_price (product_id, unit_price_minor, currency, limit_per_customer, version)
     values ($1, $2, $3, $4, $5)
     on conflict (product_id) do update
        set unit_price_minor = excluded.unit_price_minor, currency = excluded.currency,
            limit_per_customer = excluded.limit_per_customer, version = excluded.version
      where product_price.version < excluded.version`,
    [productId, price.unitPriceMinor, price.currency, price.limitPerCustomer, price.version],
  );
  const inserted = await tx.query(
    "insert into inventory.stock (product_id) values ($1) on conflict do nothing returning product_id",
    [productId],
  );
  return { isNew: inserted.length > 0 };
}
