/**
 * Reads and writes the rows of a product. A writer holds the row's lock, so versions have no gaps and no duplicates.
 */
import type { Queryable, Tx } from "#engines/sql";
import type { ProductEvent, ProductEventType } from "./events.ts";

export type Product = {
  productId: string;
  name: string;
  description: string | null;
  image: string | null;
  /** In the currency's minor unit: cents for EUR, whole yen for JPY. */
  unitPriceMinor: number;
  /** ISO 4217. */
  currency: string;
  /** How many units one customer may hold; null is no limit. */
  limitPerCustomer: number | null;
  /** A scanner reads it from a unit; null means the product's id. */
  barcode: string | null;
  /** Where units lie in the warehouse. */
  bin: string | null;
  /** Counts the changes from 1. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/** The fields of a product that a client may set. */
export type ProductFields = Omit<Product, "productId" | "version" | "createdAt" | "updatedAt">;

const columns = `product_id as "productId", name, description, image, price_minor as "unitPriceMinor", currency,
  limit_per_customer as "limitPerCustomer", barcode, bin, version, created_at as "createdAt", updated_at as "updatedAt"`;

export async function readProduct(sql: Queryable, productId: string): Promise<Product | undefined> {
  const [product] = await sql.query<Product>(`select ${columns} from catalog.products where product_id = $1`, [
    productId,
  ]);
  return product;
}

/** In order of product id. */
export async function readProducts(sql: Queryable, after: string, limit: number): Promise<Product[]> {
  return sql.query<Product>(
    `select ${columns} from catalog.products
      where product_id > $1
      order by product_id limit $2`,
    [after, limit],
  );
}

/** Those whose units a scanner reads as this code: barcodes are entered by people, so there may be several. */
export async function readByBarcode(sql: Queryable, code: string, limit: number): Promise<Product[]> {
  return sql.query<Product>(
    `select ${columns} from catalog.products
      where coalesce(barcode, product_id) = $1
      order by product_id limit $2`,
    [code, limit],
  );
}

export async function readNamed(sql: Queryable, productIds: readonly string[]): Promise<Product[]> {
  return sql.query<Product>(`select ${columns} from catalog.products where product_id = any($1::text[])`, [
    [...new Set(productIds)],
  ]);
}

export async function lockProduct(tx: Tx, productId: string): Promise<Product | undefined> {
  const [product] = await tx.query<Product>(
    `select ${columns} from catalog.products where product_id = $1 for update`,
    [productId],
  );
  return product;
}

/** undefined if the id is taken. */
export async function insertProduct(tx: Tx, productId: string, fields: ProductFields): Promise<Product | undefined> {
  const [product] = await tx.query<Product>(
    `insert into catalog.products (product_id, name, description, image, price_minor, currency,
                                   limit_per_customer, barcode, bin, version, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, now(), now())
     on conflict (product_id) do nothing
     returning ${columns}`,
    [productId, ...valuesOf(fields)],
  );
  if (product) await record(tx, "dropgate.product.created", product);
  return product;
}

/** Makes the next version of a locked product. */
export async function updateProduct(tx: Tx, productId: string, fields: ProductFields): Promise<Product> {
  // The transaction's own now() may be earlier than the change that it waited for.
  const rows = await tx.query<Product>(
    `update catalog.products
        set name = $2, description = $3, image = $4, price_minor = $5, currency = $6, limit_per_customer = $7,
            barcode = $8, bin = $9, version = version + 1, updated_at = clock_timestamp()
      where product_id = $1
      returning ${columns}`,
    [productId, ...valuesOf(fields)],
  );
  const product = rows[0] as Product;
  await record(tx, "dropgate.product.changed", product);
  return product;
}

/**
 * Makes the next version of a product as it is, above one that others know. Returns undefined if it has changed
 * meanwhile.
 */
export async function announceAgain(tx: Tx, seen: Product, above: number): Promise<Product | undefined> {
  const [product] = await tx.query<Product>(
    `update catalog.products set version = greatest(version, $3) + 1, updated_at = clock_timestamp()
      where product_id = $1 and version = $2
      returning ${columns}`,
    [seen.productId, seen.version, above],
  );
  if (product) await record(tx, "dropgate.product.changed", product);
  return product;
}

function valuesOf(fields: ProductFields): unknown[] {
  const { name, description, image, unitPriceMinor, currency, limitPerCustomer, barcode, bin } = fields;
  return [name, description, image, unitPriceMinor, currency, limitPerCustomer, barcode, bin];
}

/** Writes a version and its event, in the transaction that made it. */
async function record(tx: Tx, type: ProductEventType, product: Product): Promise<void> {
  const { productId, name, unitPriceMinor, currency, limitPerCustomer, version, updatedAt } = product;
  const event: ProductEvent = {
    id: `${productId}:${version}`,
    type,
    time: updatedAt.toISOString(),
    data: { productId, name, unitPriceMinor, currency, limitPerCustomer, version },
  };
  await tx.query(
    `with priced as (
       insert into catalog.price_history (product_id, version, price_minor, currency, at) values ($1, $2, $3, $4, $5))
     insert into catalog.outbox (key, event) values ($1, $6)`,
    [productId, version, unitPriceMinor, currency, updatedAt, JSON.stringify(event)],
  );
}
